//! Processes of this machine that this program is connected to, such as a broker's server: what they use of
//! the processors is told apart from what others use.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

/// States of a connection in the kernel's table.
const ESTABLISHED: &str = "01";
const LISTENS: &str = "0A";

/// Passes bytes on to a server that is not seen here.
const PROXY: &str = "docker-proxy";

/// A row of the kernel's table of connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Row<'t> {
    local_port: &'t str,
    remote_port: &'t str,
    state: &'t str,
    inode: &'t str,
}

/// Numbers of the processes that listen where this program has connected to; none where there are none, or
/// this system does not say.
pub(super) fn servers() -> Vec<u32> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|path| fs::read_to_string(path).unwrap_or_default());
    let rows: Vec<Row<'_>> = tables.iter().flat_map(|table| rows(table)).collect();
    let own = sockets(Path::new("/proc/self/fd"));
    let sockets_of = listening(&rows, &own);
    let own_number = std::process::id();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    numbers
        .filter(|number| *number != own_number && !sockets_of.is_empty())
        .filter(|number| {
            !sockets(&Path::new("/proc").join(number.to_string()).join("fd")).is_disjoint(&sockets_of)
        })
        .filter(|number| {
            fs::read_to_string(format!("/proc/{number}/comm")).is_ok_and(|name| name.trim() != PROXY)
        })
        .collect()
}

/// What processes have used of the processors since they started, user and system time, in ticks.
pub(super) fn ticks(processes: &[u32]) -> u64 {
    processes.iter().filter_map(|number| ticks_of(&format!("/proc/{number}/stat"))).sum()
}

/// The same of one process, by its file of figures.
pub(super) fn ticks_of(stat: &str) -> Option<u64> {
    let text = fs::read_to_string(stat).ok()?;
    // Fields 14 and 15, user and system time; the second is a name in parentheses that may hold anything.
    let mut fields = text.rsplit_once(')')?.1.split_whitespace().skip(11).map(str::parse::<u64>);
    Some(fields.next()?.ok()? + fields.next()?.ok()?)
}

/// Sockets that listen on a port to which one of some sockets is connected. Ports of other machines do not
/// matter unless something listens on the same port here, too.
fn listening(rows: &[Row<'_>], own: &HashSet<String>) -> HashSet<String> {
    let mine = rows.iter().filter(|row| row.state == ESTABLISHED && own.contains(row.inode));
    let ports: HashSet<&str> = mine.map(|row| row.remote_port).collect();
    let there = rows.iter().filter(|row| row.state == LISTENS && ports.contains(row.local_port));
    there.map(|row| row.inode.to_string()).collect()
}

fn rows(table: &str) -> impl Iterator<Item = Row<'_>> {
    table.lines().skip(1).filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let port = |field: usize| fields.get(field)?.rsplit_once(':').map(|(_, port)| port);
        Some(Row {
            local_port: port(1)?,
            remote_port: port(2)?,
            state: fields.get(3)?,
            inode: fields.get(9)?,
        })
    })
}

/// The sockets among the files that a process has open.
fn sockets(open: &Path) -> HashSet<String> {
    let files = fs::read_dir(open).into_iter().flatten().flatten();
    let links = files.filter_map(|file| fs::read_link(file.path()).ok());
    let named = |link: std::path::PathBuf| {
        let name = link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?;
        Some(name.to_string())
    };
    links.filter_map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1696 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1 0 100 0 0 10 0
   1: 0100007F:9999 0100007F:1696 01 00000000:00000000 00:00000000 00000000     0        0 222 1 0 20 4 30 10 -1
   2: 0100007F:1696 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 333 1 0 20 4 30 10 -1
   3: 0100007F:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 444 1 0 100 0 0 10 0
";

    #[test]
    fn a_server_is_who_listens_where_this_program_is_connected() {
        let rows: Vec<Row<'_>> = rows(TABLE).collect();
        assert_eq!(rows.len(), 4);
        let of = |own: &str| listening(&rows, &HashSet::from([own.to_string()]));
        assert_eq!(of("222"), HashSet::from(["111".to_string()]));
        assert_eq!(of("333"), HashSet::new(), "nobody listens on the client's port");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_program_that_listens_to_itself_has_no_server() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        let _connection = std::net::TcpStream::connect(address).expect("it listens");
        assert_eq!(servers(), Vec::<u32>::new());
        assert!(ticks_of("/proc/self/stat").is_some());
    }
}

//! Recovery of the write-ahead log, guided by coverage: a script writes a log, its bytes are damaged, and
//! what is read back must be a part of what was written. No damage may panic or make recovery ask for more
//! memory than there are bytes.
//!
//!     RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir tests/fuzz -s none recovery -- -max_total_time=600

#![no_main]

use libfuzzer_sys::fuzz_target;
use queuelab::queue::log::{Disk, Event, Log, LogError, Medium, recover};
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

/// A disk that works.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<BTreeMap<u64, Vec<u8>>>>);

struct Open {
    memory: Memory,
    number: u64,
}

impl Memory {
    fn files(&self) -> MutexGuard<'_, BTreeMap<u64, Vec<u8>>> {
        self.0.lock().expect("nobody panics while holding it")
    }
}

impl Disk for Memory {
    fn list(&self) -> io::Result<Vec<u64>> {
        Ok(self.files().keys().copied().collect())
    }

    fn read(&self, number: u64) -> io::Result<Vec<u8>> {
        self.files().get(&number).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn create(&self, number: u64, length: u64) -> io::Result<Box<dyn Medium>> {
        self.files().insert(number, vec![0; length as usize]);
        Ok(Box::new(Open { memory: self.clone(), number }))
    }

    fn remove(&self, number: u64) -> io::Result<()> {
        self.files().remove(&number);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    fn keep(&self, _: u64) -> io::Result<()> {
        Ok(())
    }
}

impl Medium for Open {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        let mut files = self.memory.files();
        let file = files.get_mut(&self.number).ok_or(io::ErrorKind::NotFound)?;
        let (at, end) = (at as usize, at as usize + bytes.len());
        file.resize(file.len().max(end), 0);
        file[at..end].copy_from_slice(bytes);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Publishes, settles and gives back as the bytes say; returns what was published.
fn write(memory: &Memory, script: &[u8]) -> Vec<Vec<u8>> {
    let (log, owed) = Log::open(Box::new(memory.clone()), 300).expect("the disk works");
    assert!(owed.is_empty());
    let mut bodies = Vec::new();
    for &step in script {
        let id = u64::from(step / 4);
        match step % 4 {
            0 | 1 => {
                let body = vec![step; usize::from(step / 2)];
                log.publish(body.clone()).expect("the disk works");
                bodies.push(body);
            }
            2 if id < bodies.len() as u64 => _ = log.note(id, Event::Settled).expect("the disk works"),
            3 if id < bodies.len() as u64 => _ = log.note(id, Event::Returned(u32::from(step))).expect("the disk works"),
            _ => log.flush().expect("the disk works"),
        }
    }
    log.flush().expect("the disk works");
    bodies
}

fuzz_target!(|input: &[u8]| {
    let memory = Memory::default();
    // Three bytes for each damage, so many as the first byte says; the rest is the script. Without any, the
    // bytes are a segment.
    let Some((&first, rest)) = input.split_first() else { return };
    if first == 255 {
        memory.files().insert(0, rest.to_vec());
        let found = recover(&memory).expect("the disk can be read");
        assert!(found.owed.iter().map(|o| o.body.len()).sum::<usize>() <= rest.len());
        return;
    }
    let (damage, script) = rest.split_at(rest.len().min(3 * usize::from(first % 8)));
    let bodies = write(&memory, script);
    for cut in damage.chunks_exact(3) {
        let mut files = memory.files();
        let which = usize::from(cut[0]) % files.len().max(1);
        let Some(file) = files.values_mut().nth(which) else { break };
        let at = usize::from(cut[1]) * file.len() / 256 + usize::from(cut[1] / 16);
        if let Some(byte) = file.get_mut(at) {
            *byte ^= cut[2];
        }
    }
    let found = recover(&memory).expect("the disk can be read");
    assert!(found.owed.is_sorted_by_key(|o| o.id));
    for message in &found.owed {
        assert_eq!(bodies.get(message.id as usize), Some(&message.body), "nothing is invented or torn");
    }
    // What was found can be gone on with, unless what is missing may have been confirmed.
    let (log, owed) = match Log::open(Box::new(memory.clone()), 300) {
        Err(LogError::Damaged { .. } | LogError::OtherVersion { .. }) if !damage.is_empty() => return,
        opened => opened.expect("the disk works"),
    };
    assert_eq!(owed, found.owed);
    let (id, place) = log.publish(vec![1, 2, 3]).expect("the disk works");
    log.commit(place).expect("the disk works");
    drop(log);
    let after = recover(&memory).expect("the disk can be read");
    assert!(after.owed.iter().any(|o| o.id == id && o.body == [1, 2, 3]), "what is confirmed after a repair \
        is there");
});

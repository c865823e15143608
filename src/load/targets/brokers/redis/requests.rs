//! Commands to a Redis server and their replies, one after another.

use super::codec::{RespDecoder, RespValue, command};
use crate::load::LoadError;
use crate::load::targets::brokers::common::RunNames;
use crate::load::targets::brokers::wire::{Incoming, Login, Socket, WireError};

/// A connection to a Redis server that has let us in.
pub(super) struct RedisConnection {
    pub socket: Socket,
    pub incoming: Incoming,
}

impl RedisConnection {
    /// Connects and logs in.
    ///
    /// # Errors
    /// Nobody answers, or does not let us in.
    pub(super) fn open(login: &Login, names: &RunNames, largest: u32) -> Result<Self, LoadError> {
        let until = login.deadline();
        let socket = login.secure(login.connect(until)?, until)?;
        let mut connection = RedisConnection { socket, incoming: Incoming::new(largest) };
        let password = login.url.password.as_ref().map(|password| password.reveal().as_bytes());
        if let Some(password) = password {
            let user = login.url.user.as_ref().map_or("default", String::as_str);
            connection.let_in(login, &[b"AUTH", user.as_bytes(), password], until)?;
        }
        connection.let_in(login, &[b"PING"], until)?;
        let name = names.connection().replace(' ', "-");
        // A name that it does not take is no reason to measure nothing.
        let _named = connection.reply(&[b"CLIENT", b"SETNAME", name.as_bytes()], until, login.wait);
        Ok(connection)
    }

    fn let_in(&mut self, login: &Login, words: &[&[u8]], until: u64) -> Result<(), LoadError> {
        match self.reply(words, until, login.wait).map_err(|why| login.broken(&why))? {
            RespValue::Error(why) => Err(login.refused(&why)),
            _ => Ok(()),
        }
    }

    /// A command's reply, by an instant.
    ///
    /// # Errors
    /// The conversation cannot go on.
    fn reply(&mut self, words: &[&[u8]], until: u64, wait: f64) -> Result<RespValue, WireError> {
        let mut out = Vec::new();
        command(words, &mut out);
        self.socket.write(&out)?;
        self.incoming.next::<RespDecoder>(&self.socket, until)?.ok_or(WireError::Silent(wait))
    }

    /// The same; an error that the server tells is one.
    ///
    /// # Errors
    /// The server says no, or nothing.
    pub(super) fn ask(&mut self, login: &Login, words: &[&[u8]], until: u64) -> Result<RespValue, LoadError> {
        match self.reply(words, until, login.wait).map_err(|why| login.broken(&why))? {
            RespValue::Error(why) => {
                let (what, who) = (String::from_utf8_lossy(words[0]).into_owned(), login.who());
                Err(login.failed(format!("{} refuses {what} of {who}: {why}", login.url)))
            }
            value => Ok(value),
        }
    }
}

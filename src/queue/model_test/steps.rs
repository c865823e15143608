//! Random settings and steps for the comparison with a plain broker.

use super::super::{Order, Overflow, Settings};
use proptest::prelude::*;

#[derive(Debug, Clone)]
pub(super) enum HistoryStep {
    Publish {
        rank: i64,
        ttl: Option<u64>,
    },
    /// Publishes up to so many at once, as far as there is room.
    Fill(u64),
    /// Keeps a place.
    Reserve,
    /// Publishes where a place is kept, if one is.
    Fulfil {
        rank: i64,
        ttl: Option<u64>,
    },
    /// Gives a place up, if one is kept.
    Release,
    Consume(usize),
    /// Does something with the delivery at this position among all that were ever made (modulo their number).
    Settle(Settle, usize),
    BeginWait,
    EndWait,
    /// Lets so much time pass.
    Pass(u64),
    Close,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Settle {
    Ack,
    Nack,
    NackAfter(u64),
    Reject,
    Extend,
}

pub(super) fn step() -> impl Strategy<Value = HistoryStep> {
    let settle = prop_oneof![
        4 => Just(Settle::Ack),
        2 => Just(Settle::Nack),
        1 => (0..30_u64).prop_map(Settle::NackAfter),
        1 => Just(Settle::Reject),
        1 => Just(Settle::Extend),
    ];
    let terms = || (-2..3_i64, prop::option::weighted(0.3, 0..40_u64));
    prop_oneof![
        12 => terms().prop_map(|(rank, ttl)| HistoryStep::Publish { rank, ttl }),
        3 => (0..6_u64).prop_map(HistoryStep::Fill),
        2 => Just(HistoryStep::Reserve),
        2 => terms().prop_map(|(rank, ttl)| HistoryStep::Fulfil { rank, ttl }),
        1 => Just(HistoryStep::Release),
        8 => (0..4_usize).prop_map(HistoryStep::Consume),
        12 => (settle, any::<usize>()).prop_map(|(how, which)| HistoryStep::Settle(how, which)),
        2 => Just(HistoryStep::BeginWait),
        2 => Just(HistoryStep::EndWait),
        8 => (1..20_u64).prop_map(HistoryStep::Pass),
        1 => Just(HistoryStep::Close),
    ]
}

pub(super) fn settings() -> impl Strategy<Value = Settings> {
    let orders = prop::sample::select(vec![Order::Fifo, Order::Lifo, Order::Ranked]);
    let overflows = prop::sample::select(vec![Overflow::RejectPublish, Overflow::DropHead, Overflow::Block]);
    let times = (prop::option::of(0..50_u64), prop::option::of(1..4_u32), prop::option::of(1..50_u64));
    (orders, prop::option::of(0..5_u64), overflows, times).prop_map(
        |(order, max_length, overflow, (message_ttl, delivery_limit, visibility_timeout))| Settings {
            order,
            max_length,
            overflow,
            message_ttl,
            delivery_limit,
            visibility_timeout,
            ..Settings::default()
        },
    )
}

//! Combinations of settings of servers and of networks.

use super::cases::{MS, at, one, queue, several, three};
use super::scene::{Bucket, Group, Outages, Producer, Queue, Scale, Scene, To, instants, sends, serves};

pub(super) fn servers() -> Vec<Scene> {
    let held = |held| Queue { held, by_servers: true, ..queue() };
    let bucket = |each| Some(Bucket { every: 4_000_000, burst: 3, each });
    let unequal = |choice, g: Group| Group { choice, speeds: vec![(1, 2), (2, 1), (1, 1)], ..g };
    let scale = Scale {
        min: 1,
        max: 4,
        target: 3,
        every: 10 * MS + 1,
        startup: 4 * MS + 5,
        cooldown: 0,
        in_flight: false,
        up: None,
        down: None,
        kill: false,
    };
    let scaled = |s: Scale| vec![Group { scale: Some(s), ..serves(4, 8 * MS) }];
    let hours = || vec![(20 * MS + 1, 1), (31 * MS + 7, 4), (9 * MS + 3, 0)];
    vec![
        one("unequal, the fastest", queue(), vec![unequal("fastest", serves(3, 6_000_000))]),
        one("unequal, idle longest", queue(), vec![unequal("", serves(3, 6_000_000))]),
        one("unequal groups", queue(), vec![unequal("", serves(3, 12_000_000)), serves(1, 7 * MS)]),
        one("a bucket", queue(), vec![Group { bucket: bucket(false), ..serves(3, 3 * MS) }]),
        one("a bucket each", queue(), vec![Group { bucket: bucket(true), ..serves(2, 3 * MS) }]),
        one(
            "a bucket, bounded, ttl",
            Queue { max_length: Some(4), ttl: Some(11 * MS), ..queue() },
            vec![Group { bucket: bucket(false), ..serves(3, 3 * MS) }],
        ),
        several(
            "a bucket, poison",
            {
                let mut p = three();
                p[0].poison = true;
                p
            },
            vec![Queue { limit: Some(3), ..queue() }],
            vec![Group { bucket: bucket(false), retry: Some((2 * MS, 9 * MS)), ..serves(3, 3 * MS) }],
        ),
        one("by the clock", queue(), vec![Group { hours: hours(), ..serves(4, 7 * MS) }]),
        one(
            "by the clock, bounded",
            Queue { max_length: Some(3), ..queue() },
            vec![Group { hours: hours(), ..serves(4, 7 * MS) }],
        ),
        several(
            "by the clock, preempted",
            three(),
            vec![Queue { discipline: "priority", preemption: "resume", ..queue() }],
            vec![Group { hours: hours(), ..serves(4, 7 * MS) }],
        ),
        several("locked", three(), vec![Queue { locks: true, ..queue() }], vec![serves(3, MS)]),
        several(
            "one partition",
            vec![three()[0].clone()],
            vec![Queue { partitions: Some(3), ..queue() }],
            vec![serves(3, MS)],
        ),
        one("held by a server, one at a time", held(2 * MS + 1), vec![serves(1, 2 * MS)]),
        one(
            "held by servers in their windows",
            held(9 * MS + 1),
            vec![Group { prefetch: 4, ..serves(2, 5 * MS) }],
        ),
        one(
            "held by servers, ttl, retries",
            Queue { ttl: Some(31 * MS), limit: Some(3), dead: None, ..held(7_123_457) },
            // Of equal servers, a message would come back just as another service ends, again and again.
            vec![Group {
                prefetch: 3,
                fails: true,
                retry: Some((2_345_677, 3_876_543)),
                speeds: vec![(1, 1), (5, 8)],
                ..serves(2, 2_000_015)
            }],
        ),
        one("transit", queue(), vec![Group { transit: MS / 2, ..serves(2, 3 * MS) }]),
        one("transit, prefetch", queue(), vec![Group { transit: MS / 2, prefetch: 3, ..serves(2, 4 * MS) }]),
        one("prefetch in turn", queue(), vec![Group { prefetch: 3, ..serves(2, 5 * MS) }]),
        several(
            "prefetch in turn, unequal work",
            three(),
            vec![queue()],
            vec![Group { prefetch: 3, ..serves(3, 5 * MS) }],
        ),
        several(
            "prefetch by demand",
            three(),
            vec![queue()],
            vec![Group { prefetch: 3, demand: true, ..serves(3, 5 * MS) }],
        ),
        several(
            "prefetch by request",
            three(),
            vec![queue()],
            vec![Group { prefetch: 3, request: true, ..serves(3, 5 * MS) }],
        ),
        several(
            "prefetch by request, large windows",
            three(),
            vec![queue()],
            vec![Group { prefetch: 20, request: true, ..serves(2, 9 * MS) }],
        ),
        several(
            "prefetch, poison",
            {
                let mut p = three();
                p[0].poison = true;
                p
            },
            vec![Queue { limit: Some(2), ..queue() }],
            vec![Group { prefetch: 3, ..serves(3, 5 * MS) }],
        ),
        one(
            "batches",
            queue(),
            vec![Group { batch: Some((4, 9 * MS)), per_message: MS / 3, ..serves(2, 4 * MS) }],
        ),
        one(
            "batches, bounded",
            Queue { max_length: Some(3), ..queue() },
            vec![Group { batch: Some((4, 9 * MS)), per_message: MS / 3, ..serves(2, 12 * MS) }],
        ),
        one(
            "batches, held back",
            Queue { held: 4 * MS, ..queue() },
            vec![Group { batch: Some((4, 9 * MS)), per_message: MS / 3, ..serves(2, 4 * MS) }],
        ),
        at(
            one("slower together", queue(), vec![Group { per_busy: vec![4, 6, 8], ..serves(3, 6_000_000) }]),
            300,
        ),
        at(
            one(
                "faster by length",
                Queue { max_length: Some(5), ..queue() },
                vec![Group { by_length: vec![4, 5, 8], ..serves(2, 8_000_000) }],
            ),
            300,
        ),
        one("scaled", queue(), scaled(scale)),
        one("scaled and killed", queue(), scaled(Scale { kill: true, ..scale })),
        one(
            "killed too often",
            Queue { limit: Some(2), max_length: Some(12), ..queue() },
            scaled(Scale { kill: true, target: 2, every: 7 * MS + 1, ..scale }),
        ),
        one(
            "scaled slowly",
            queue(),
            scaled(Scale { cooldown: 25 * MS, up: Some(1), down: Some(1), ..scale }),
        ),
        one(
            "scaled with those in service",
            Queue { max_length: Some(9), ..queue() },
            scaled(Scale { in_flight: true, ..scale }),
        ),
    ]
}

/// Acknowledgements that come after the visibility timeout.
pub(super) fn late() -> Vec<Scene> {
    let after = |late, q: Queue| Queue { visibility: Some(5 * MS + 1), late, ..q };
    let (until, accepted) = (|q| after("until-redelivered", q), |q| after("accepted", q));
    let fails = || Group { fails: true, retry: Some((30 * MS, 30 * MS)), ..serves(1, 2 * MS) };
    let poisoned = || {
        let mut all = three();
        all[0].poison = true;
        all
    };
    let longer = || {
        let mut all = three();
        all.iter_mut().for_each(|p| p.work = p.work.map(|work| 2 * work));
        all
    };
    let longer_poison = || {
        let mut all = longer();
        all[1].poison = true;
        all
    };
    let to = |to, g: Group| Group { to: Some(to), ..g };
    let from = |from: Vec<usize>, g: Group| Group { from, ..g };
    let room = |overflow| Queue { max_length: Some(2), overflow, ..queue() };
    let ttl = || Queue { ttl: Some(19 * MS), ..queue() };
    let limit = |n| Queue { limit: Some(n), ..queue() };
    vec![
        one("late, not handed out again", until(queue()), vec![serves(1, 7 * MS), serves(1, 2 * MS)]),
        one("late, one server", until(queue()), vec![serves(1, 7 * MS)]),
        one("late, handed out again", accepted(queue()), vec![serves(3, 8 * MS), serves(1, 2 * MS)]),
        one("late, handed out often", accepted(limit(4)), vec![serves(5, 13 * MS)]),
        one("late, not again, ttl", until(ttl()), vec![serves(2, 7 * MS)]),
        one("late, ttl", accepted(ttl()), vec![serves(2, 7 * MS), serves(1, 3 * MS)]),
        one("late, senders wait", accepted(room("block")), vec![serves(2, 7 * MS), serves(1, 3 * MS)]),
        one("late, not again, full", until(room("drop-head")), vec![serves(2, 7 * MS), serves(1, 3 * MS)]),
        one("late, waits for a retry", accepted(limit(6)), vec![serves(1, 7 * MS), fails()]),
        one("late, not again, waits for a retry", until(limit(6)), vec![serves(1, 7 * MS), fails()]),
        several("late, poison", poisoned(), vec![accepted(limit(2))], vec![serves(5, MS)]),
        several("late, long poison", longer_poison(), vec![accepted(limit(3))], vec![serves(5, MS)]),
        several("late, lifo", longer(), vec![accepted(Queue { discipline: "lifo", ..queue() })], {
            vec![serves(5, MS)]
        }),
        several("late, in a window", longer(), vec![accepted(queue())], {
            vec![Group { prefetch: 3, ..serves(5, MS) }]
        }),
        several("late, not again, in a window", longer(), vec![until(limit(4))], {
            vec![Group { prefetch: 3, ..serves(5, MS) }]
        }),
        several("late, locked", longer(), vec![accepted(Queue { locks: true, ..queue() })], {
            vec![serves(3, MS)]
        }),
        one("late, by a bucket", accepted(queue()), {
            let bucket = Some(Bucket { every: 4_000_000, burst: 3, each: false });
            vec![Group { bucket, ..serves(4, 8 * MS) }]
        }),
        several(
            "late, and on to where it waits for room",
            vec![sends(instants(7, 300, 3 * MS))],
            vec![accepted(queue()), room("block")],
            vec![to(To::Queue(1), serves(3, 8 * MS)), from(vec![1], serves(1, 3 * MS))],
        ),
        several(
            "late, and round again",
            vec![sends(instants(7, 200, 10 * MS))],
            vec![accepted(Queue { dead: Some(1), ..limit(3) }), queue()],
            vec![serves(4, 16 * MS), from(vec![1], to(To::Queue(0), serves(1, 2 * MS)))],
        ),
    ]
}

pub(super) fn networks() -> Vec<Scene> {
    let from = |from: Vec<usize>, g: Group| Group { from, ..g };
    let to = |to, g: Group| Group { to: Some(to), ..g };
    let each = || {
        let mut all = three();
        (0..3).for_each(|i| all[i].to = To::Queue(i));
        all
    };
    let topic = || {
        let mut all = three();
        all.iter_mut().for_each(|p| (p.to, p.work) = (To::Topic(0), None));
        all
    };
    let think = |ms: u64, work| Producer { think: Some(ms * MS + 1), work: Some(work), ..sends(Vec::new()) };
    let resends =
        |after, most| vec![Producer { resend: Some((after, most)), ..sends(instants(7, 300, 3 * MS)) }];
    let hedges = |after, most| {
        let mut all = resends(after, most);
        all[0].hedges = true;
        all
    };
    vec![
        several(
            "two in a row",
            vec![sends(instants(7, 300, 3 * MS))],
            vec![queue(), queue()],
            vec![to(To::Queue(1), serves(2, 5 * MS)), from(vec![1], serves(1, 2 * MS))],
        ),
        several(
            "two in a row, blocked",
            vec![sends(instants(7, 300, 3 * MS))],
            vec![queue(), Queue { max_length: Some(1), overflow: "block", ..queue() }],
            vec![to(To::Queue(1), serves(2, 5 * MS)), from(vec![1], serves(1, 3 * MS))],
        ),
        several(
            "strictly in order",
            each(),
            vec![queue(), queue(), queue()],
            vec![from(vec![1, 0, 2], serves(1, MS))],
        ),
        Scene {
            topics: vec![(vec![0, 1], true)],
            ..several(
                "to all",
                topic(),
                vec![queue(), Queue { max_length: Some(2), ..queue() }],
                vec![serves(1, 2 * MS), from(vec![1], serves(1, 3 * MS))],
            )
        },
        Scene {
            topics: vec![(vec![0, 1], false)],
            ..several(
                "in turn",
                topic(),
                vec![queue(), Queue { max_length: Some(2), ..queue() }],
                vec![serves(1, 5 * MS), from(vec![1], serves(1, 7 * MS))],
            )
        },
        several(
            "closed",
            vec![think(5, 2 * MS), think(7, 3 * MS), think(3, 4 * MS)],
            vec![queue()],
            vec![serves(1, MS)],
        ),
        several(
            "closed, preempted",
            {
                let mut p = vec![think(5, 2 * MS), think(7, 3 * MS), think(3, 4 * MS)];
                p[1].priority = 1;
                p
            },
            vec![Queue { discipline: "priority", preemption: "restart", ..queue() }],
            vec![serves(1, MS)],
        ),
        several(
            "closed, outages",
            vec![think(5, 2 * MS), think(7, 3 * MS), think(3, 4 * MS)],
            vec![queue()],
            vec![Group {
                outages: Some(Outages {
                    up: 31 * MS,
                    down: 9 * MS,
                    busy: true,
                    together: false,
                    resume: true,
                }),
                ..serves(1, MS)
            }],
        ),
        several(
            "limited sends",
            vec![Producer { limit: Some((4_000_000, 5)), send: MS / 7, ..sends(instants(7, 300, 4 * MS)) }],
            vec![queue()],
            vec![serves(1, 3 * MS)],
        ),
        several(
            "limited sends beside others, who wait for room",
            vec![
                Producer { limit: Some((8_000_000, 1)), ..sends(instants(7, 150, 6 * MS)) },
                sends(instants(8, 150, 7 * MS)),
            ],
            vec![Queue { max_length: Some(3), overflow: "block", ..queue() }],
            vec![serves(2, 7 * MS)],
        ),
        several(
            "limited sends, given up",
            vec![Producer { limit: Some((5_000_000, 2)), ..sends(instants(9, 250, 3 * MS)) }],
            vec![Queue { ttl: Some(9 * MS + 7), dead: Some(1), ..queue() }, queue()],
            vec![serves(1, 6 * MS), from(vec![1], serves(1, 2 * MS))],
        ),
        several("sent again", resends(9 * MS + 1, 2), vec![queue()], vec![serves(2, 5 * MS)]),
        several("hedged", hedges(9 * MS + 1, 1), vec![queue()], vec![serves(2, 4 * MS)]),
        several(
            "hedged twice, bounded, ttl",
            hedges(7 * MS + 1, 2),
            vec![Queue { max_length: Some(3), ttl: Some(8 * MS + 7), ..queue() }],
            vec![serves(2, 6 * MS)],
        ),
        several("given up", resends(9 * MS + 1, 0), vec![queue()], vec![serves(2, 7 * MS)]),
        several(
            "sent again, bounded",
            resends(9 * MS + 1, 1),
            vec![Queue { max_length: Some(3), ..queue() }],
            vec![serves(2, 6 * MS)],
        ),
        several(
            "late by sending",
            vec![Producer { send: 2 * MS + 1, ..sends(instants(7, 300, 3 * MS)) }],
            vec![
                Queue { max_length: Some(3), overflow: "drop-head", dead: Some(1), ..queue() },
                Queue { ttl: Some(9 * MS), ..queue() },
            ],
            vec![serves(1, 4 * MS), from(vec![1], serves(1, 7 * MS))],
        ),
        several(
            "dead letters that block",
            vec![sends(instants(7, 300, 3 * MS))],
            vec![Queue { ttl: Some(7 * MS), dead: Some(1), ..queue() }, queue()],
            vec![serves(1, 4 * MS), from(vec![1], Group { batch: Some((3, 20 * MS)), ..serves(1, 7 * MS) })],
        ),
    ]
}

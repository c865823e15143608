//! Combinations of settings. Loads are high enough for queues to build up, and sometimes beyond.

use super::more_cases::{late, networks, servers};
use super::scene::{Group, Outages, Producer, Queue, Scene, instants, sends, serves};

pub(super) const MS: u64 = 1_000_003;

/// Three hundred messages to one queue, some three milliseconds apart.
pub(super) fn one(name: &'static str, queue: Queue, groups: Vec<Group>) -> Scene {
    several(name, vec![sends(instants(7, 300, 3 * MS))], vec![queue], groups)
}

pub(super) fn several(
    name: &'static str,
    producers: Vec<Producer>,
    queues: Vec<Queue>,
    groups: Vec<Group>,
) -> Scene {
    Scene { name, producers, queues, groups, until: 3000 * MS, ..Scene::default() }
}

/// Three producers, whose messages differ in work, priority and key.
pub(super) fn three() -> Vec<Producer> {
    let of = |seed, work, priority| Producer {
        work: Some(work),
        priority,
        keyed: true,
        ..sends(instants(seed, 120, 9 * MS))
    };
    vec![of(11, 2 * MS, 0), of(12, 3 * MS + 50, 2), of(13, 5 * MS + 17, 1)]
}

pub(super) fn queue() -> Queue {
    Queue::default()
}

pub(super) fn at(scene: Scene, rounding: u64) -> Scene {
    Scene { rounding, ..scene }
}

pub(super) fn all() -> Vec<Scene> {
    let mut all = lines();
    all.extend(failures());
    all.extend(servers());
    all.extend(networks());
    all.extend(late());
    all
}

fn lines() -> Vec<Scene> {
    let limited = |overflow| Queue { max_length: Some(3), overflow, ..queue() };
    let ordered = |discipline, preemption| Queue { discipline, preemption, ..queue() };
    let two = |g: Group| Group { speeds: vec![(1, 1), (2, 1)], ..g };
    let mut all = vec![
        one("one server", queue(), vec![serves(1, 2 * MS + 1)]),
        one("three servers", queue(), vec![serves(3, 8 * MS + 1)]),
        one("full: refused", limited("reject-publish"), vec![serves(2, 7 * MS)]),
        one("full: the head goes", limited("drop-head"), vec![serves(2, 7 * MS)]),
        one("full: senders wait", limited("block"), vec![serves(2, 6 * MS)]),
        one(
            "senders wait, ttl",
            Queue { ttl: Some(9 * MS + 7), ..limited("block") },
            vec![serves(2, 7 * MS)],
        ),
        one(
            "full and too old",
            Queue { ttl: Some(9 * MS + 7), ..limited("drop-head") },
            vec![serves(2, 7 * MS)],
        ),
        one(
            "too old and held back",
            Queue { ttl: Some(9 * MS), held: 4 * MS + 3, ..queue() },
            vec![serves(2, 7 * MS)],
        ),
        several(
            "lifo, ttl",
            three(),
            vec![Queue { ttl: Some(20 * MS + 7), ..ordered("lifo", "") }],
            vec![serves(1, MS)],
        ),
        several(
            "shortest, bounded",
            three(),
            vec![Queue { max_length: Some(2), ..ordered("shortest", "") }],
            vec![serves(1, MS)],
        ),
        several(
            "deadline, ttl",
            three(),
            vec![Queue { ttl: Some(20 * MS + 7), ..ordered("deadline", "") }],
            vec![serves(1, MS)],
        ),
        several(
            "priority, unequal servers",
            three(),
            vec![ordered("priority", "")],
            vec![two(serves(2, MS))],
        ),
        several(
            "priority, bounded, head",
            three(),
            vec![Queue { max_length: Some(3), overflow: "drop-head", ..ordered("priority", "") }],
            vec![serves(1, MS)],
        ),
        several(
            "priority, blocked",
            three(),
            vec![Queue { max_length: Some(2), overflow: "block", ..ordered("priority", "") }],
            vec![serves(1, MS)],
        ),
    ];
    for rule in ["resume", "restart"] {
        all.push(several("preempted", three(), vec![ordered("priority", rule)], vec![serves(1, MS)]));
        all.push(several("preempted of two", three(), vec![ordered("priority", rule)], vec![serves(2, MS)]));
        all.push(several(
            "preempted, ttl",
            three(),
            vec![Queue { ttl: Some(15 * MS), ..ordered("priority", rule) }],
            vec![serves(1, MS)],
        ));
        all.push(several(
            "preempted, bounded",
            three(),
            vec![Queue { max_length: Some(2), ..ordered("priority", rule) }],
            vec![serves(1, MS)],
        ));
    }
    all.push(several(
        "preempted by shortest",
        three(),
        vec![ordered("shortest", "resume")],
        vec![serves(1, MS)],
    ));
    all.push(several("preempted by latest", three(), vec![ordered("lifo", "resume")], vec![serves(1, MS)]));
    all
}

fn failures() -> Vec<Scene> {
    let poisoned = || {
        let mut all = three();
        all[1].poison = true;
        all
    };
    let limit = |n| Queue { limit: Some(n), dead: Some(1), ..queue() };
    let retry = |g: Group| Group { retry: Some((3 * MS + 1, 10 * MS)), ..g };
    let dead = || Group { from: vec![1], ..serves(1, 3 * MS + 7) };
    let brk = |up, down, busy, resume| Some(Outages { up, down, busy, together: false, resume });
    vec![
        one(
            "fails twice",
            Queue { limit: Some(2), ..queue() },
            vec![Group { fails: true, ..serves(2, 2 * MS) }],
        ),
        several(
            "poison into a second queue",
            poisoned(),
            vec![limit(3), Queue { limit: Some(1), ..queue() }],
            vec![retry(serves(2, MS)), dead()],
        ),
        several("poison", poisoned(), vec![Queue { limit: Some(3), ..queue() }], vec![retry(serves(2, MS))]),
        several("poison at once", poisoned(), vec![Queue { limit: Some(3), ..queue() }], vec![serves(2, MS)]),
        several(
            "poison, in place",
            poisoned(),
            vec![limit(3), queue()],
            vec![Group { blocking: true, ..retry(serves(2, MS)) }],
        ),
        several(
            "poison, lifo",
            poisoned(),
            vec![Queue { discipline: "lifo", ..limit(2) }, queue()],
            vec![serves(2, MS)],
        ),
        several(
            "poison, too old",
            poisoned(),
            vec![Queue { ttl: Some(15 * MS), ..limit(4) }, queue()],
            vec![retry(serves(2, MS))],
        ),
        several(
            "poison, too old, at the head",
            poisoned(),
            vec![Queue { ttl: Some(15 * MS), head: true, ..limit(4) }, queue()],
            vec![retry(serves(2, MS))],
        ),
        several(
            "poison at once, too old, at the head, bounded",
            poisoned(),
            vec![Queue { ttl: Some(12 * MS), head: true, max_length: Some(5), ..limit(4) }, queue()],
            vec![serves(1, MS), retry(serves(1, MS))],
        ),
        several(
            "poison, bounded",
            poisoned(),
            vec![Queue { max_length: Some(2), ..limit(3) }, queue()],
            vec![retry(serves(2, MS))],
        ),
        several(
            "poison, locked",
            poisoned(),
            vec![Queue { locks: true, ..limit(3) }, queue()],
            vec![retry(serves(2, MS))],
        ),
        several(
            "poison, acknowledged before",
            poisoned(),
            vec![queue()],
            vec![Group { auto: true, ..serves(2, MS) }],
        ),
        several(
            "poison, preempted",
            poisoned(),
            vec![Queue { discipline: "priority", preemption: "resume", ..limit(3) }, queue()],
            vec![retry(serves(1, MS))],
        ),
        several(
            "poison, in place, unequal",
            poisoned(),
            vec![limit(3), queue()],
            vec![Group {
                blocking: true,
                speeds: vec![(1, 1), (2, 1)],
                choice: "fastest",
                ..retry(serves(2, MS))
            }],
        ),
        one(
            "outages, redelivered",
            queue(),
            vec![Group { outages: brk(31 * MS + 1, 11 * MS + 5, false, false), ..serves(1, 2 * MS) }],
        ),
        one(
            "outages, resumed",
            queue(),
            vec![Group { outages: brk(31 * MS + 1, 11 * MS + 5, false, true), ..serves(1, 2 * MS) }],
        ),
        one(
            "outages at work",
            queue(),
            vec![Group { outages: brk(31 * MS + 1, 11 * MS + 5, true, false), ..serves(2, 4 * MS) }],
        ),
        one(
            "outages at work, resumed",
            queue(),
            vec![Group { outages: brk(31 * MS + 1, 11 * MS + 5, true, true), ..serves(2, 4 * MS) }],
        ),
        one(
            "outages together",
            Queue { max_length: Some(4), ..queue() },
            vec![Group {
                outages: Some(Outages {
                    up: 31 * MS + 1,
                    down: 11 * MS + 5,
                    busy: false,
                    together: true,
                    resume: true,
                }),
                ..serves(2, 4 * MS)
            }],
        ),
        one(
            "outages and a delivery limit",
            Queue { limit: Some(1), dead: Some(1), ..queue() },
            vec![Group { outages: brk(9 * MS + 1, 2 * MS + 5, true, false), ..serves(2, 4 * MS) }],
        ),
        several(
            "outages, preempted",
            three(),
            vec![Queue { discipline: "priority", preemption: "resume", ..queue() }],
            vec![Group { outages: brk(31 * MS + 1, 3 * MS + 5, false, true), ..serves(1, MS) }],
        ),
        one(
            "visible again",
            Queue { visibility: Some(5 * MS + 1), limit: Some(3), ..queue() },
            vec![serves(1, 7 * MS), serves(1, 2 * MS)],
        ),
        one(
            "visible again, in order",
            Queue {
                visibility: Some(5 * MS + 1),
                limit: Some(2),
                dead: Some(1),
                max_length: Some(5),
                ..queue()
            },
            vec![serves(2, 7 * MS), serves(1, 4 * MS)],
        ),
    ]
    .into_iter()
    .map(|mut scene| {
        let needs = scene.queues.iter().any(|q| q.dead == Some(1)) && scene.queues.len() == 1;
        scene.queues.extend(needs.then(queue));
        scene
    })
    .collect()
}

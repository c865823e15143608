//! The bases, one for every model, and what may be turned on there: every setting of the grammar that may
//! change an answer.

/// Table, key and value.
pub(super) type Setting = (&'static str, &'static str, &'static str);

pub(super) const POISSON: [Setting; 2] = [("producers.p", "to", "\"q\""), ("producers.p", "rate", "\"5/s\"")];
pub(super) const EXPONENTIAL: Setting =
    ("consumers.c", "service_time", "{ law = \"exponential\", mean = \"100ms\" }");

/// A base: a name, and the settings beyond one Poisson producer, one queue and one exponential server at half
/// its load.
pub(super) const ONE_QUEUE: &[(&str, &[Setting])] = &[
    ("M/M/1", &[]),
    ("M/M/c", &[("consumers.c", "count", "2")]),
    (
        "M/M/c with service by load",
        &[("consumers.c", "count", "3"), ("consumers.c", "service_rate", "{ per_busy = [0.5, 0.9, 1.1] }")],
    ),
    ("M/M/c/K", &[("queues.q", "max_length", "3")]),
    (
        "M/M/c/K, dropping the oldest",
        &[("queues.q", "max_length", "3"), ("queues.q", "overflow", "\"drop-head\"")],
    ),
    (
        "M/G/∞",
        &[
            ("consumers.c", "count", "\"unlimited\""),
            ("consumers.c", "service_time", "{ law = \"erlang\", k = 2, mean = \"100ms\" }"),
        ],
    ),
    ("M/G/c/c", &[("queues.q", "max_length", "0"), ("consumers.c", "count", "2")]),
    (
        "D/D/c",
        &[
            ("producers.p", "arrivals", "{ process = \"periodic\" }"),
            ("consumers.c", "service_time", "\"100ms\""),
        ],
    ),
    (
        "M/M/1 with priorities",
        &[
            ("queues.q", "discipline", "\"priority\""),
            ("producers.u", "to", "\"q\""),
            ("producers.u", "rate", "\"2/s\""),
            ("producers.u", "priority", "2"),
        ],
    ),
    (
        "M/M/2 with priorities",
        &[
            ("queues.q", "discipline", "\"priority\""),
            ("producers.u", "to", "\"q\""),
            ("producers.u", "rate", "\"2/s\""),
            ("producers.u", "priority", "2"),
            ("consumers.c", "count", "2"),
        ],
    ),
    (
        "M/M/1 with priorities that interrupt",
        &[
            ("queues.q", "discipline", "\"priority\""),
            ("queues.q", "preemption", "\"resume\""),
            ("producers.u", "to", "\"q\""),
            ("producers.u", "rate", "\"2/s\""),
            ("producers.u", "priority", "2"),
        ],
    ),
    (
        "M/G/1, last first",
        &[
            ("queues.q", "discipline", "\"lifo\""),
            ("consumers.c", "service_time", "{ law = \"uniform\", min = \"50ms\", max = \"150ms\" }"),
        ],
    ),
    (
        "M/G/1, last first and at once",
        &[
            ("queues.q", "discipline", "\"lifo\""),
            ("queues.q", "preemption", "\"resume\""),
            ("consumers.c", "service_time", "{ law = \"uniform\", min = \"50ms\", max = \"150ms\" }"),
        ],
    ),
    ("M/M/c, at random", &[("queues.q", "discipline", "\"random\""), ("consumers.c", "count", "2")]),
    (
        "M/G/c, shared",
        &[
            ("queues.q", "discipline", "\"processor-sharing\""),
            ("consumers.c", "service_time", "{ law = \"erlang\", k = 2, mean = \"100ms\" }"),
        ],
    ),
    ("M/G/1, shortest first", &[("queues.q", "discipline", "\"shortest\"")]),
    ("M/M/c+G", &[("queues.q", "message_ttl", "\"150ms\"")]),
    ("retries", &[("consumers.c", "failure", "{ probability = 0.2 }")]),
    (
        "back-off",
        &[("consumers.c", "failure", "{ probability = 0.2 }"), ("consumers.c", "retry_delay", "\"300ms\"")],
    ),
    ("partitions", &[("queues.q", "partitions", "4"), ("consumers.c", "count", "2")]),
    (
        "breaks while busy",
        &[(
            "consumers.c",
            "outages",
            "{ up = { law = \"exponential\", mean = \"2s\" }, down = { law = \"erlang\", k = 2, mean = \"200ms\" }, while = \"busy\", in_progress = \"resume\" }",
        )],
    ),
    (
        "breaks at any time",
        &[
            ("consumers.c", "count", "2"),
            (
                "consumers.c",
                "outages",
                "{ up = { law = \"exponential\", mean = \"2s\" }, down = { law = \"exponential\", mean = \"200ms\" } }",
            ),
        ],
    ),
    (
        "M^X/G/1",
        &[
            ("producers.p", "arrivals", "{ process = \"poisson\", batch = 2 }"),
            ("consumers.c", "service_time", "{ law = \"erlang\", k = 2, mean = \"100ms\" }"),
        ],
    ),
    ("M/M^[1,b]/1", &[("consumers.c", "batch", "{ max = 3 }")]),
    ("M/D/c", &[("consumers.c", "count", "2"), ("consumers.c", "service_time", "\"100ms\"")]),
    ("M/G/1", &[("consumers.c", "service_time", "{ law = \"lognormal\", mean = \"100ms\", scv = 1.5 }")]),
    (
        "GI/M/1",
        &[(
            "producers.p",
            "arrivals",
            "{ process = \"renewal\", gap = { law = \"uniform\", min = \"100ms\", max = \"300ms\" } }",
        )],
    ),
    (
        "GI/M/c",
        &[
            (
                "producers.p",
                "arrivals",
                "{ process = \"renewal\", gap = { law = \"uniform\", min = \"100ms\", max = \"300ms\" } }",
            ),
            ("consumers.c", "count", "2"),
        ],
    ),
    (
        "MAP/PH/c",
        &[
            (
                "producers.p",
                "arrivals",
                "{ process = \"mmpp\", rates = [\"2/s\", \"8/s\"], dwell = [\"1s\", \"1s\"] }",
            ),
            ("consumers.c", "service_time", "{ law = \"hyperexponential\", scv = 2, mean = \"100ms\" }"),
        ],
    ),
    ("finite source", &[CLOSED]),
];

const CLOSED: Setting = (
    "producers.p",
    "arrivals",
    "{ process = \"closed\", concurrency = 4, think_time = { law = \"exponential\", mean = \"500ms\" } }",
);

/// Bases of two queues, `q` and `r`.
pub(super) const TWO_QUEUES: &[(&str, &[Setting])] = &[
    ("tandem", &[("consumers.c", "to", "\"r\"")]),
    (
        "feedback",
        &[("consumers.c", "to", "\"r\""), ("consumers.d", "to", "[{ queue = \"q\", probability = 0.2 }]")],
    ),
    (
        "tandem with blocking",
        &[
            ("consumers.c", "to", "\"r\""),
            ("queues.r", "max_length", "2"),
            ("queues.r", "overflow", "\"block\""),
        ],
    ),
    ("closed tandem", &[CLOSED, ("consumers.c", "to", "\"r\"")]),
    (
        "dead letters",
        &[
            ("queues.q", "delivery_limit", "1"),
            ("queues.q", "dead_letter", "\"r\""),
            ("consumers.c", "failure", "{ probability = 0.2 }"),
        ],
    ),
    ("copies", &[("topics.t", "deliver", "\"all\"")]),
    (
        "copies of which all count",
        &[("topics.t", "deliver", "\"all\""), ("topics.t", "complete_when", "\"all\"")],
    ),
    ("copies of which one counts", &[("topics.t", "deliver", "\"all\""), ("topics.t", "complete_when", "1")]),
    (
        "copies without a wait",
        &[
            ("topics.t", "deliver", "\"all\""),
            ("topics.t", "complete_when", "\"all\""),
            ("consumers.c", "count", "\"unlimited\""),
            ("consumers.d", "count", "\"unlimited\""),
        ],
    ),
    (
        "copies that rejoin",
        &[
            ("topics.t", "deliver", "\"all\""),
            ("consumers.c", "to", "\"j\""),
            ("consumers.d", "to", "\"j\""),
            ("queues.j", "join", "\"t\""),
            ("consumers.j", "from", "\"j\""),
            ("consumers.j", "count", "\"unlimited\""),
            ("consumers.j", "service_time", "\"20ms\""),
        ],
    ),
    ("in turn", &[("topics.t", "deliver", "\"round-robin\"")]),
    ("at random", &[("topics.t", "deliver", "\"random\"")]),
    ("by key", &[("topics.t", "deliver", "\"by-key\"")]),
    ("the shorter of two", &[("topics.t", "deliver", "\"shortest-queue\"")]),
    ("the power of two", &[("topics.t", "deliver", "\"power-of-two\"")]),
];

/// What may be turned on: a name and settings. Those of the queue and its consumers can be those of another
/// queue, too.
pub(super) const FEATURES: &[(&str, &[Setting])] = &[
    (
        "Erlang gaps",
        &[("producers.p", "arrivals", "{ process = \"renewal\", gap = { law = \"erlang\", k = 2 } }")],
    ),
    (
        "hyperexponential gaps",
        &[(
            "producers.p",
            "arrivals",
            "{ process = \"renewal\", gap = { law = \"hyperexponential\", scv = 3 } }",
        )],
    ),
    ("periodic", &[("producers.p", "arrivals", "{ process = \"periodic\" }")]),
    (
        "mmpp",
        &[(
            "producers.p",
            "arrivals",
            "{ process = \"mmpp\", rates = [\"2/s\", \"8/s\"], dwell = [\"1s\", \"1s\"] }",
        )],
    ),
    (
        "timetable",
        &[
            (
                "producers.p",
                "arrivals",
                "{ process = \"schedule\", steps = [{ for = \"1s\", rate = \"3/s\" }, { for = \"1s\", rate = \"7/s\" }], repeat = true }",
            ),
            ("producers.p", "rate", ""),
        ],
    ),
    ("closed", &[CLOSED, ("producers.p", "rate", "")]),
    ("batches of two", &[("producers.p", "arrivals", "{ process = \"poisson\", batch = 2 }")]),
    (
        "batches of any size",
        &[(
            "producers.p",
            "arrivals",
            "{ process = \"poisson\", batch = { law = \"geometric\", mean = 2 } }",
        )],
    ),
    ("periodic batches", &[("producers.p", "arrivals", "{ process = \"periodic\", batch = 2 }")]),
    ("send time", &[("producers.p", "send_time", "\"50ms\"")]),
    ("random send time", &[("producers.p", "send_time", "{ law = \"exponential\", mean = \"50ms\" }")]),
    ("priority", &[("producers.p", "priority", "1")]),
    ("keys", &[("producers.p", "keys", "{ law = \"uniform\", count = 3 }")]),
    ("own work", &[("producers.p", "service_time", "{ law = \"exponential\", mean = \"80ms\" }")]),
    ("own constant work", &[("producers.p", "service_time", "\"80ms\"")]),
    ("own failure", &[("producers.p", "failure", "{ probability = 0.1 }")]),
    ("another producer", &[("producers.z", "rate", "\"1/s\"")]),
    (
        "another regular producer",
        &[("producers.z", "rate", "\"1/s\""), ("producers.z", "arrivals", "{ process = \"periodic\" }")],
    ),
    (
        "another producer's work",
        &[
            ("producers.z", "rate", "\"1/s\""),
            ("producers.z", "service_time", "{ law = \"exponential\", mean = \"200ms\" }"),
        ],
    ),
    (
        "another closed producer",
        &[("producers.z", "arrivals", "{ process = \"closed\", concurrency = 2, think_time = \"500ms\" }")],
    ),
    ("lifo", &[("queues.q", "discipline", "\"lifo\"")]),
    ("priorities", &[("queues.q", "discipline", "\"priority\"")]),
    ("random order", &[("queues.q", "discipline", "\"random\"")]),
    ("shortest", &[("queues.q", "discipline", "\"shortest\"")]),
    ("deadline", &[("queues.q", "discipline", "\"deadline\"")]),
    ("producers in turn", &[("queues.q", "discipline", "\"round-robin\"")]),
    ("shared", &[("queues.q", "discipline", "\"processor-sharing\"")]),
    ("resume", &[("queues.q", "preemption", "\"resume\"")]),
    ("restart", &[("queues.q", "preemption", "\"restart\"")]),
    ("room", &[("queues.q", "max_length", "3")]),
    (
        "room, dropping the oldest",
        &[("queues.q", "max_length", "3"), ("queues.q", "overflow", "\"drop-head\"")],
    ),
    ("room, blocking", &[("queues.q", "max_length", "2"), ("queues.q", "overflow", "\"block\"")]),
    ("no room", &[("queues.q", "max_length", "0")]),
    ("no room, blocking", &[("queues.q", "max_length", "0"), ("queues.q", "overflow", "\"block\"")]),
    ("time to live", &[("queues.q", "message_ttl", "\"200ms\"")]),
    ("random time to live", &[("queues.q", "message_ttl", "{ law = \"exponential\", mean = \"200ms\" }")]),
    ("own time to live", &[("producers.p", "ttl", "\"200ms\"")]),
    ("held back", &[("queues.q", "deliver_after", "\"100ms\"")]),
    (
        "held by its consumers",
        &[
            ("queues.q", "deliver_after", "\"100ms\""),
            ("queues.q", "held_by", "\"consumer\""),
            ("consumers.c", "prefetch", "3"),
        ],
    ),
    (
        "held back for a random time",
        &[("queues.q", "deliver_after", "{ law = \"exponential\", mean = \"100ms\" }")],
    ),
    ("one delivery", &[("queues.q", "delivery_limit", "1")]),
    ("two deliveries", &[("queues.q", "delivery_limit", "2")]),
    (
        "dead letters",
        &[
            ("queues.q", "dead_letter", "\"dead\""),
            ("queues.dead", "max_length", "1000000"),
            ("consumers.dead", "from", "\"dead\""),
            ("consumers.dead", "service_time", "\"10ms\""),
        ],
    ),
    ("visibility timeout", &[("queues.q", "visibility_timeout", "\"250ms\"")]),
    ("enqueued", &[("queues.q", "durability", "\"enqueued\"")]),
    ("fsync", &[("queues.q", "durability", "\"fsync\"")]),
    ("one partition", &[("queues.q", "partitions", "1")]),
    ("partitions", &[("queues.q", "partitions", "4")]),
    ("locks by key", &[("queues.q", "locks", "\"by-key\"")]),
    (
        "locks by few keys",
        &[("queues.q", "locks", "\"by-key\""), ("producers.p", "keys", "{ law = \"uniform\", count = 3 }")],
    ),
    ("backlog", &[("queues.q", "initial_backlog", "30")]),
    ("two servers", &[("consumers.c", "count", "2")]),
    ("servers of two speeds", &[("consumers.c", "servers", "[{ count = 1 }, { count = 1, speed = 2 }]")]),
    ("the fastest server", &[("consumers.c", "choice", "\"fastest\"")]),
    ("any server", &[("consumers.c", "choice", "\"random\"")]),
    (
        "servers by the clock",
        &[("consumers.c", "count", "[{ for = \"3s\", count = 2 }, { for = \"2s\", count = 1 }]")],
    ),
    ("servers without limit", &[("consumers.c", "count", "\"unlimited\"")]),
    ("constant service", &[("consumers.c", "service_time", "\"100ms\"")]),
    ("Erlang service", &[("consumers.c", "service_time", "{ law = \"erlang\", k = 2, mean = \"100ms\" }")]),
    (
        "uniform service",
        &[("consumers.c", "service_time", "{ law = \"uniform\", min = \"50ms\", max = \"150ms\" }")],
    ),
    ("time per message", &[("consumers.c", "service_time_per_message", "\"20ms\"")]),
    ("prefetch", &[("consumers.c", "prefetch", "4")]),
    ("batch", &[("consumers.c", "batch", "{ max = 3 }")]),
    ("batch that lingers", &[("consumers.c", "batch", "{ max = 3, linger = \"100ms\" }")]),
    ("auto", &[("consumers.c", "ack", "\"auto\"")]),
    ("failure", &[("consumers.c", "failure", "{ probability = 0.2 }")]),
    ("retry delay", &[("consumers.c", "retry_delay", "\"300ms\"")]),
    ("blocking retries", &[("consumers.c", "retry_order", "\"blocking\"")]),
    (
        "back-off",
        &[
            ("consumers.c", "failure", "{ probability = 0.2 }"),
            ("consumers.c", "retry_delay", "{ min = \"100ms\", max = \"1s\", jitter = true }"),
        ],
    ),
    (
        "outages",
        &[(
            "consumers.c",
            "outages",
            "{ up = { law = \"exponential\", mean = \"2s\" }, down = { law = \"exponential\", mean = \"200ms\" } }",
        )],
    ),
    (
        "outages that resume",
        &[(
            "consumers.c",
            "outages",
            "{ up = { law = \"exponential\", mean = \"2s\" }, down = \"200ms\", in_progress = \"resume\" }",
        )],
    ),
    (
        "outages while busy",
        &[(
            "consumers.c",
            "outages",
            "{ up = { law = \"exponential\", mean = \"2s\" }, down = \"200ms\", while = \"busy\" }",
        )],
    ),
    (
        "regular outages",
        &[(
            "consumers.c",
            "outages",
            "{ up = \"2s\", down = \"200ms\", while = \"busy\", in_progress = \"resume\" }",
        )],
    ),
    (
        "autoscaling",
        &[("consumers.c", "autoscale", "{ min = 1, max = 3, target_backlog = 2, every = \"500ms\" }")],
    ),
    ("a limited rate", &[("consumers.c", "rate_limit", "{ rate = \"8/s\" }")]),
    ("limited bursts", &[("consumers.c", "rate_limit", "{ rate = \"6/s\", burst = 4 }")]),
    ("servers of a limited rate", &[("consumers.c", "rate_limit", "{ rate = \"8/s\", by = \"server\" }")]),
    (
        "onward",
        &[
            ("consumers.c", "to", "\"on\""),
            ("queues.on", "partitions", ""),
            ("consumers.on", "from", "\"on\""),
            ("consumers.on", "service_time", "{ law = \"exponential\", mean = \"50ms\" }"),
        ],
    ),
    ("hand-off", &[("simulation", "hand_off", "\"20ms\"")]),
    ("back again", &[("consumers.c", "to", "[{ queue = \"q\", probability = 0.2 }]")]),
    (
        "another group",
        &[
            ("consumers.e", "from", "\"q\""),
            ("consumers.e", "service_time", "{ law = \"exponential\", mean = \"100ms\" }"),
        ],
    ),
    (
        "a slower group",
        &[
            ("consumers.e", "from", "\"q\""),
            ("consumers.e", "service_time", "{ law = \"exponential\", mean = \"200ms\" }"),
        ],
    ),
    ("service by load", &[("consumers.c", "service_rate", "{ per_busy = [1, 1.6, 2] }")]),
    (
        "a faster service with a longer line",
        &[("consumers.c", "service_rate", "{ by_queue_length = [1, 1.5] }")],
    ),
    (
        "outages together",
        &[(
            "consumers.c",
            "outages",
            "{ up = { law = \"exponential\", mean = \"2s\" }, down = { law = \"exponential\", mean = \"200ms\" }, together = true }",
        )],
    ),
    ("two servers a message", &[("consumers.c", "count", "2"), ("consumers.c", "servers_per_message", "2")]),
    (
        "one or two servers a message",
        &[
            ("consumers.c", "count", "3"),
            ("consumers.c", "servers_per_message", "[{ servers = 1, weight = 3 }, { servers = 2 }]"),
        ],
    ),
    (
        "a slot of a resource",
        &[
            ("consumers.c", "count", "2"),
            ("consumers.c", "resource", "\"db\""),
            ("resources.db", "capacity", "1"),
        ],
    ),
    (
        "a share of a resource",
        &[
            ("consumers.c", "count", "2"),
            ("consumers.c", "resource", "\"db\""),
            ("resources.db", "capacity", "1"),
            ("resources.db", "sharing", "\"processor-sharing\""),
        ],
    ),
    ("far from its queue", &[("consumers.c", "transit", "\"20ms\"")]),
    (
        "late acknowledgements",
        &[("queues.q", "visibility_timeout", "\"250ms\""), ("queues.q", "late_ack", "\"until-redelivered\"")],
    ),
    (
        "acknowledgements however late",
        &[("queues.q", "visibility_timeout", "\"60ms\""), ("queues.q", "late_ack", "\"accepted\"")],
    ),
    (
        "time to live at the head",
        &[("queues.q", "message_ttl", "\"200ms\""), ("queues.q", "expiry", "\"head\"")],
    ),
    (
        "random time to live at the head",
        &[
            ("queues.q", "message_ttl", "{ law = \"exponential\", mean = \"200ms\" }"),
            ("queues.q", "expiry", "\"head\""),
        ],
    ),
    (
        "servers that are killed",
        &[(
            "consumers.c",
            "autoscale",
            "{ min = 1, max = 3, target_backlog = 2, every = \"500ms\", scale_in = \"kill\" }",
        )],
    ),
    ("limited sends", &[("producers.p", "rate_limit", "{ rate = \"8/s\", burst = 2 }")]),
    ("who sends again", &[("producers.p", "resend", "{ after = \"300ms\", at_most = 1 }")]),
    ("servers of two queues", &[("consumers.c", "from", "[\"q\", \"s\"]"), ("queues.s", "partitions", "")]),
    (
        "servers of two queues with messages",
        &[
            ("consumers.c", "from", "[\"s\", \"q\"]"),
            ("queues.s", "partitions", ""),
            ("producers.s", "to", "\"s\""),
            ("producers.s", "rate", "\"1/s\""),
        ],
    ),
    ("prefetch by demand", &[("consumers.c", "prefetch", "4"), ("consumers.c", "prefetch_by", "\"demand\"")]),
    (
        "prefetch by request",
        &[("consumers.c", "prefetch", "4"), ("consumers.c", "prefetch_by", "\"request\"")],
    ),
    ("two commits a message", &[("queues.q", "durability", "{ sync_per_message = 2 }")]),
    (
        "partitions that are dealt anew",
        &[
            ("queues.q", "partitions", "4"),
            ("consumers.c", "count", "[{ for = \"3s\", count = 2 }, { for = \"2s\", count = 1 }]"),
            ("consumers.c", "rebalance", "\"50ms\""),
        ],
    ),
    (
        "a stabilized autoscaler",
        &[(
            "consumers.c",
            "autoscale",
            "{ min = 1, max = 3, target_backlog = 2, every = \"500ms\", stabilization = \"1s\", in_flight = true }",
        )],
    ),
    ("a group that is slower together", &[("consumers.c", "service_rate", "{ law = \"usl\", sigma = 0.1 }")]),
    ("who hedges", &[("producers.p", "hedge", "{ after = \"300ms\" }")]),
];

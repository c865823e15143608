//! Which settings of a queue and its consumers go with none of several others.

use super::feature::Feature;

/// What to write where nothing better is known.
pub(super) const LEAVE_OUT: &str = "leave one of them out";

/// What goes with none of several others, and what to write instead.
pub(super) type Exclusion = (Feature, &'static [Feature], &'static str);

/// What does not go with messages that a server has in its window and cannot work on yet.
const WINDOWS: &[Feature] = {
    use Feature::*;
    &[
        ProcessorSharing,
        Preemption,
        UnlimitedServers,
        ConsumerBatches,
        PrefetchOnDemand,
        AutoAck,
        VisibilityTimeout,
        Partitions,
        KeyLocks,
        BlockingRetry,
        Outages,
        Autoscaling,
        CountTimetable,
        RateLimit,
        SharedWorkers,
        ServerChoice,
    ]
};

pub(super) const EXCLUSIONS: &[Exclusion] = {
    use Feature::*;
    &[
        (
            ProcessorSharing,
            &[
                ConsumerBatches,
                Prefetch,
                PrefetchOnDemand,
                Outages,
                Autoscaling,
                CountTimetable,
                VisibilityTimeout,
                Partitions,
                MixedGroups,
                UnequalServers,
                ServerChoice,
                Preemption,
                SharedWorkers,
                BlockingRetry,
                RateLimit,
            ],
            LEAVE_OUT,
        ),
        (
            Preemption,
            &[
                ConsumerBatches,
                Prefetch,
                PrefetchOnDemand,
                VisibilityTimeout,
                Partitions,
                UnequalServers,
                SharedWorkers,
                BlockingRetry,
                RateLimit,
            ],
            LEAVE_OUT,
        ),
        // At one instant a batch need not wait any longer and messages come back: who is late is not settled
        // yet.
        (LateAck, &[ConsumerBatches], LEAVE_OUT),
        (
            SharedWorkers,
            &[
                MixedGroups,
                ConsumerBatches,
                Prefetch,
                PrefetchOnDemand,
                Partitions,
                KeyLocks,
                ServerChoice,
                RateLimit,
                Autoscaling,
                UnlimitedServers,
            ],
            LEAVE_OUT,
        ),
        (Transit, WINDOWS, LEAVE_OUT),
        (HeldByConsumer, WINDOWS, LEAVE_OUT),
        (HeldByConsumer, &[Transit, ServersPerMessage, ResourceSlots, SharedResource], LEAVE_OUT),
        (
            ServersPerMessage,
            &[
                Order,
                ConsumerBatches,
                Prefetch,
                PrefetchOnDemand,
                Outages,
                Autoscaling,
                CountTimetable,
                Partitions,
                KeyLocks,
                MixedGroups,
                SharedWorkers,
                UnequalServers,
                ServerChoice,
                UnlimitedServers,
                LoadDependentService,
                RateLimit,
                Transit,
                BlockingRetry,
            ],
            LEAVE_OUT,
        ),
        (
            ResourceSlots,
            &[
                Order,
                ConsumerBatches,
                Prefetch,
                PrefetchOnDemand,
                Outages,
                Partitions,
                KeyLocks,
                MixedGroups,
                SharedWorkers,
                ServersPerMessage,
                UnequalServers,
                ServerChoice,
                LoadDependentService,
                RateLimit,
                Transit,
                BlockingRetry,
            ],
            LEAVE_OUT,
        ),
        (
            SharedResource,
            &[
                ProcessorSharing,
                Preemption,
                ConsumerBatches,
                Outages,
                VisibilityTimeout,
                Partitions,
                UnlimitedServers,
                MixedGroups,
                SharedWorkers,
                ServersPerMessage,
                UnequalServers,
                LoadDependentService,
                Transit,
            ],
            LEAVE_OUT,
        ),
        (HeadExpiry, &[Order, Partitions, KeyLocks], LEAVE_OUT),
        (DeliverAfter, &[Room, DropHead, Block], LEAVE_OUT),
        (KeyLocks, &[Order, Room, DropHead, Block], LEAVE_OUT),
        (
            KeyLocks,
            &[ConsumerBatches, Prefetch, PrefetchOnDemand, Partitions, ServerChoice, RateLimit],
            LEAVE_OUT,
        ),
        (BlockingRetry, &[ConsumerBatches, Outages, VisibilityTimeout, RateLimit], LEAVE_OUT),
        (RateLimit, &[ConsumerBatches, Prefetch, PrefetchOnDemand, Partitions, ServerChoice], LEAVE_OUT),
        (UnequalServers, &[Autoscaling, Partitions], LEAVE_OUT),
        (
            ServerChoice,
            &[ConsumerBatches, Prefetch, PrefetchOnDemand, Partitions, UnlimitedServers],
            LEAVE_OUT,
        ),
        (
            Partitions,
            &[ConsumerBatches, Prefetch, UnlimitedServers],
            "a partition belongs to one server, which takes its messages one by one: leave one of them out",
        ),
        (GroupOutages, &[Autoscaling, CountTimetable], LEAVE_OUT),
        (
            LoadDependentService,
            &[
                ProcessorSharing,
                Outages,
                VisibilityTimeout,
                Partitions,
                UnlimitedServers,
                Preemption,
                UnequalServers,
                SharedWorkers,
            ],
            LEAVE_OUT,
        ),
        (ConsumerBatches, &[Prefetch], "a consumer takes batches or holds a window: leave one of them out"),
    ]
};

// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// An append-only log of events: what pub/sub and event sourcing need of an engine. One value is the log of one
/// namespace.
///
/// Guarantees, held by `EventLogConformance` for every engine:
/// - Positions are dense: the first event of the log has 1, each later one the next number, in the order of their
///   commits. A reader that has seen a position will never see a smaller one appear.
/// - Revisions are dense in each stream, from 0, in the order of the positions. Trimming gives neither back.
/// - An append that returned is durable to the extent that `durability` says, and every read that starts after it, in
///   any process, sees it.
/// - If one append returned before another began, its positions are smaller.
package protocol EventLog: Sendable {
    var durability: StateDurability { get }

    /// Appends the events of each append together or not at all; the appends don't depend on each other. The answers
    /// are in the order of `appends`. An answer with an error left nothing of its append in the log.
    ///
    /// An append that expects a revision, or no stream, may be repeated: if its events are in the stream already, where
    /// they would be, under the same ids and with the same type, key and data, the answer is that of the first time.
    func append(_ appends: [EventAppend]) async -> [Result<AppendedEvents, EventLogError>]

    /// The events of a stream whose position is above `position`, in order.
    func read(_ stream: String, after position: Int64, limit: EventReadLimit) async throws(EventLogError) -> EventSlice

    /// The events of a stream from a revision on, in order.
    func read(_ stream: String, from revision: Int64, limit: EventReadLimit) async throws(EventLogError) -> EventSlice

    /// The events of all streams whose position is above `position`, in order.
    func readAll(after position: Int64, limit: EventReadLimit) async throws(EventLogError) -> EventSlice

    /// What a stream holds; a stream that nobody has written to has no events.
    func extent(of stream: String) async throws(EventLogError) -> StreamExtent

    /// The position of the newest event; 0 before the first.
    func head() async throws(EventLogError) -> Int64

    /// Removes the events of a stream up to and including `position`, oldest first: at most `limit` of them, and at
    /// most as many as the engine removes at once. Returns how many that were; 0 when there is nothing left to remove.
    /// After a crash of the machine they may be there again.
    func trim(_ stream: String, through position: Int64, limit: Int) async throws(EventLogError) -> Int

    // MARK: - Consumers

    /// The checkpoints that were saved under a consumer's name.
    func checkpoints(of consumer: String) async throws(EventLogError) -> [Checkpoint]

    /// Saves checkpoints; one of the same stream and partition is replaced. They survive the end of the process at
    /// once, and a crash of the machine from the next append on: a checkpoint that is lost only means that events come
    /// again.
    func save(_ checkpoints: [Checkpoint], of consumer: String) async throws(EventLogError)

    /// The consumers that have checkpoints of a stream, by name.
    func consumers(of stream: String) async throws(EventLogError) -> [String]

    /// Removes all checkpoints of a consumer.
    func forget(_ consumer: String) async throws(EventLogError)

    /// Calls `notify` with the streams that were appended to, by this process or another, soon after the commit, until
    /// the watch is cancelled. Calls may be merged, and one may come without a new event; none is lost for long.
    /// `notify` must return at once.
    func watch(_ notify: @escaping @Sendable (Set<String>) -> Void) async throws(EventLogError) -> any EventWatch

    /// Takes part in a group of consumers that share the work.
    func join(group: String) async throws(EventLogError) -> any GroupMember
}

/// A watch of appends; ends when it is cancelled.
package protocol EventWatch: Sendable {
    /// Tells which streams are of interest; others needn't be told of. Those that are new may be told of at once.
    func setStreams(_ streams: Set<String>) async
    func cancel() async
}

/// One instance of a group. What it owns is free for others as soon as it leaves or its process ends, however suddenly.
package protocol GroupMember: Sendable {
    /// Takes a partition if no other member owns it. No call blocks for long.
    func tryAcquire(_ partition: Int) throws(EventLogError) -> Bool
    func release(_ partition: Int)
    /// How many members live, this one included.
    func memberCount() throws(EventLogError) -> Int
    func leave()
}

/// How events are spread over the instances of a group.
package enum EventPartition {
    package static let count = 64
}

/// Events to be appended to one stream together.
package struct EventAppend: Sendable, Equatable {
    /// What must hold of the stream for the events to be appended.
    package enum Expectation: Sendable, Equatable {
        case any
        /// Nothing was ever appended to it.
        case noStream
        case exists
        /// The last event has this revision.
        case revision(Int64)
    }

    package var stream: String
    package var expectation: Expectation
    package var events: [NewEvent]

    package init(_ stream: String, expecting expectation: Expectation = .any, _ events: [NewEvent]) {
        self.stream = stream
        self.expectation = expectation
        self.events = events
    }
}

/// An event that isn't in the log yet.
package struct NewEvent: Sendable, Equatable {
    /// Unique in its stream among events that expect a revision; the log gives it no other meaning.
    package var id: String
    package var type: String
    /// Events of one key are for one consumer at a time; nil where there is no such order.
    package var key: String?
    /// Headers, opaque to the log.
    package var metadata: ByteBuffer
    package var data: ByteBuffer
    /// When nobody wants the event any more, in milliseconds since 1970-01-01 UTC; the log keeps it all the same.
    package var expiresAtMilliseconds: Int64?

    package init(
        id: String, type: String, key: String? = nil, metadata: ByteBuffer = ByteBuffer(), data: ByteBuffer,
        expiresAtMilliseconds: Int64? = nil
    ) {
        self.id = id
        self.type = type
        self.key = key
        self.metadata = metadata
        self.data = data
        self.expiresAtMilliseconds = expiresAtMilliseconds
    }
}

/// Where the events of an append are: consecutive in the log and in their stream.
package struct AppendedEvents: Sendable, Equatable {
    package var firstPosition: Int64
    package var firstRevision: Int64
    package var count: Int

    package init(firstPosition: Int64, firstRevision: Int64, count: Int) {
        self.firstPosition = firstPosition
        self.firstRevision = firstRevision
        self.count = count
    }
}

/// An event of the log. Its buffers own their bytes.
package struct StoredEvent: Sendable, Equatable {
    package var position: Int64
    package var stream: String
    package var revision: Int64
    /// When it was appended, in milliseconds since 1970-01-01 UTC.
    package var appendedAtMilliseconds: Int64
    package var event: NewEvent

    package init(position: Int64, stream: String, revision: Int64, appendedAtMilliseconds: Int64, event: NewEvent) {
        self.position = position
        self.stream = stream
        self.revision = revision
        self.appendedAtMilliseconds = appendedAtMilliseconds
        self.event = event
    }
}

/// What one read may bring: at most so many events and bytes of data and metadata, but one event if there is any.
package struct EventReadLimit: Sendable, Equatable {
    package var count: Int
    package var bytes: Int

    package init(count: Int = 256, bytes: Int = 4 << 20) {
        self.count = count
        self.bytes = bytes
    }
}

/// The answer to a read.
package struct EventSlice: Sendable, Equatable {
    package var events: [StoredEvent]
    /// Nothing more was there when it was read.
    package var isAtEnd: Bool

    package init(events: [StoredEvent], isAtEnd: Bool) {
        self.events = events
        self.isAtEnd = isAtEnd
    }
}

/// What a stream holds.
package struct StreamExtent: Sendable, Equatable {
    /// The revision that the next event gets; 0 for a stream that nobody has written to.
    package var nextRevision: Int64
    /// Events that haven't been trimmed, and the bytes of their data and metadata.
    package var count: Int64
    package var bytes: Int64
    /// Of the oldest and the newest that haven't been trimmed; nil if there is none.
    package var firstPosition: Int64?
    package var lastPosition: Int64?

    package init(
        nextRevision: Int64, count: Int64, bytes: Int64, firstPosition: Int64? = nil, lastPosition: Int64? = nil
    ) {
        self.nextRevision = nextRevision
        self.count = count
        self.bytes = bytes
        self.firstPosition = firstPosition
        self.lastPosition = lastPosition
    }
}

/// How far a consumer is in one partition of a stream: everything up to `position` is done, but for what is `owed`.
package struct Checkpoint: Sendable, Equatable {
    package var stream: String
    package var partition: Int
    package var position: Int64
    /// Events up to `position` that are still to be delivered, with the number of tries that failed.
    package var owed: [OwedEvent]

    package init(stream: String, partition: Int, position: Int64, owed: [OwedEvent] = []) {
        self.stream = stream
        self.partition = partition
        self.position = position
        self.owed = owed
    }
}

/// An event that was passed over because it failed.
package struct OwedEvent: Sendable, Equatable {
    package var position: Int64
    package var attempts: Int

    package init(position: Int64, attempts: Int) {
        self.position = position
        self.attempts = attempts
    }
}

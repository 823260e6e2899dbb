// SPDX-License-Identifier: Apache-2.0

import BuildingBlocks
import NIOCore
import SQLiteClient

/// What a task asks of a lane, with the continuation that its answer goes to.
///
/// Safe: continuations are the unsafe kind because a checked one costs a lock and an allocation per request;
/// `StateRequest` is answered exactly once, by the lane that drained it or by `refuse` when no lane took it.
enum StateRequest: Sendable {
    typealias Answer<Value> = UnsafeContinuation<Result<Value, StateError>, Never>

    case get(namespace: String, key: String, Answer<StateItem?>)
    case getMany(namespace: String, keys: [String], Answer<[StateItem?]>)
    case apply(namespace: String, [StateWrite], UnsafeContinuation<[Result<Void, StateError>], Never>)
    case transact(namespace: String, [StateWrite], Answer<Void>)
    case statements(LaneWork<Database>)
    /// Only where the file has event logs.
    case log(LaneWork<EventTables>)

    /// Answers with an error, on behalf of a request that nobody performs.
    func refuse(_ error: StateError) {
        switch self {
        case .get(_, _, let answer): answer.resume(returning: .failure(error))
        case .getMany(_, _, let answer): answer.resume(returning: .failure(error))
        case .apply(_, let writes, let answer):
            answer.resume(returning: Array(repeating: .failure(error), count: writes.count))
        case .transact(_, _, let answer): answer.resume(returning: .failure(error))
        case .statements(let work): work.refuse(error)
        case .log(let work): work.refuse(error)
        }
    }

    /// What the request holds in memory beyond itself, for the mailbox's limit.
    var byteCount: Int {
        switch self {
        case .get, .statements: 0
        case .getMany(_, let keys, _): keys.reduce(0) { $0 + $1.utf8.count }
        case .apply(_, let writes, _), .transact(_, let writes, _): writes.reduce(0) { $0 + $1.byteCount }
        case .log(let work): work.byteCount
        }
    }

    /// Whether its commit has to be on the disk before it is answered.
    var needsFlush: Bool {
        if case .log(let work) = self { work.needsFlush } else { true }
    }

    /// Whether it comes every second and doesn't count as use of the lane.
    var isProbe: Bool {
        if case .log(let work) = self { work.isProbe } else { false }
    }
}

extension StateWrite {
    /// What the write holds in memory. The key counts: a body may be nothing but long keys with short values.
    var byteCount: Int {
        let fixed = MemoryLayout<StateWrite>.stride + key.utf8.count
        guard case .upsert(let value, _) = change else { return fixed }
        return fixed + value.readableBytes
    }
}

/// What a lane has found out for a request, kept until the request may be answered.
enum StateAnswer {
    case item(StateItem?)
    case items([StateItem?])
    case applied([Result<Void, StateError>])
    case transacted(Result<Void, StateError>)
    case done(@Sendable () -> Void)
    /// A read that found a row it can't understand; its neighbours in the batch are answered.
    case refused(StateError)
}

extension StateRequest {
    /// Gives the answer to the task that waits for it.
    func resume(with answer: StateAnswer) {
        switch (self, answer) {
        case (.get(_, _, let continuation), .item(let item)): continuation.resume(returning: .success(item))
        case (.getMany(_, _, let continuation), .items(let items)): continuation.resume(returning: .success(items))
        case (.apply(_, _, let continuation), .applied(let results)): continuation.resume(returning: results)
        case (.transact(_, _, let continuation), .transacted(let result)): continuation.resume(returning: result)
        case (.statements, .done(let done)), (.log, .done(let done)): done()
        case (_, .refused(let error)): refuse(error)
        default: preconditionFailure("An answer belongs to its request.")
        }
    }
}

/// Work on other tables than that of the state, run on a lane's connection inside its transaction.
struct LaneWork<Tables>: Sendable {
    /// Does the work; what it returns gives the answer, and is called once the transaction has been committed.
    var run: @Sendable (Tables) throws(SQLiteError) -> @Sendable () -> Void
    var refuse: @Sendable (StateError) -> Void
    /// What the work holds in memory beyond itself.
    var byteCount = 0
    /// False where a crash of the machine may undo the work, because it is then done again.
    var needsFlush = true
    /// True where the work shouldn't keep the lane's cache from being given back.
    var isProbe = false

    init(
        run: @escaping @Sendable (Tables) throws(SQLiteError) -> @Sendable () -> Void,
        refuse: @escaping @Sendable (StateError) -> Void
    ) {
        self.run = run
        self.refuse = refuse
    }

    /// Work whose value is the answer that a task waits for.
    init<Value: Sendable>(
        _ body: @escaping @Sendable (Tables) throws(SQLiteError) -> Value,
        _ answer: UnsafeContinuation<Result<Value, StateError>, Never>
    ) {
        run = { (tables) throws(SQLiteError) in
            let value = try body(tables)
            return { answer.resume(returning: .success(value)) }
        }
        refuse = { answer.resume(returning: .failure($0)) }
    }
}

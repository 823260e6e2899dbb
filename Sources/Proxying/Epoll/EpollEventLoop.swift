// SPDX-License-Identifier: Apache-2.0

import Core
import Glibc
package import NIOCore
import Synchronization

/// An event loop on epoll(7), with a thread of its own: all sockets of this process belong to one.
///
/// NIO's own loop has the kernel look at each socket again and again; it looks a channel up in a dictionary, goes
/// through a pipeline to its handler, and reads into a buffer of the connection's own: a tenth of the CPU of a small
/// request through an HTTP proxy. This one watches sockets edge-triggered, once, and reads into one buffer for whoever
/// is to have the bytes. NIO's handlers and futures run on it as on any other.
///
/// A turn of the loop: what other threads and the turn before have asked for, timers that are due, a wait, events, and
/// sockets that have more to be read than was read the last time.
// Safe: what isn't a lock or an atomic belongs to the loop's thread.
package final class EpollEventLoop: EventLoop, @unchecked Sendable {
    /// What was asked for by other threads.
    private struct Inbox: ~Copyable {
        var tasks: [@Sendable () -> Void] = []
        var phase = Phase.awake
    }

    private enum Phase {
        case awake
        /// Waits in the kernel, or is about to.
        case asleep
        /// Its thread has ended: whoever asks for something does it.
        case ended
        /// Somebody does, and also what others ask for meanwhile.
        case inherited
    }

    private let poller: EpollPoller
    private let inbox = Mutex(Inbox())
    /// The thread that all else here belongs to.
    private let owner = Atomic<UInt>(0)

    // Safe: all of these belong to the loop's thread; nothing is called while one changes.
    @exclusivity(unchecked) private var tasks: [() -> Void] = []
    @exclusivity(unchecked) private(set) var timers = LoopTimers()
    @exclusivity(unchecked) private(set) var handles = EpollHandles()
    @exclusivity(unchecked) private var resuming: [EpollHandle] = []
    @exclusivity(unchecked) private var buffer: ByteBuffer?
    private var isEnding = false
    private var isOver = false
    private var whenEnded: [@Sendable () -> Void] = []

    /// Makes a loop and starts its thread.
    ///
    /// - Parameter name: what `ps -L` and `top -H` show, in at most 15 bytes.
    init(name: String) {
        do { poller = try EpollPoller() } catch { fatalError("an event loop can't be made: \(error)") }
        let started = DetachedThread.start(name: name) { [self] in
            owner.store(DetachedThread.current, ordering: .relaxed)
            run()
        }
        guard started else { fatalError("the system refuses a thread for an event loop") }
    }

    // MARK: - Asking for something

    package var inEventLoop: Bool { owner.load(ordering: .relaxed) == DetachedThread.current }

    package func execute(_ task: @escaping @Sendable () -> Void) {
        if inEventLoop { tasks.append(task) } else { post(task) }
    }

    package func _executeIsolatedUnsafeUnchecked(_ task: @escaping () -> Void) {
        assertInEventLoop()
        tasks.append(task)
    }

    package func submit<T>(_ task: @escaping @Sendable () throws -> T) -> EventLoopFuture<T> {
        let promise = makePromise(of: T.self)
        execute { promise.assumeIsolated().completeWith(Result(catching: task)) }
        return promise.futureResult
    }

    @discardableResult
    package func scheduleTask<T>(
        deadline: NIODeadline, _ task: @escaping @Sendable () throws -> T
    ) -> Scheduled<T> {
        let promise = makePromise(of: T.self)
        let timer = LoopTimer(deadline) { isDue in
            promise.assumeIsolated().completeWith(
                isDue ? Result(catching: task) : .failure(EventLoopError.shutdown))
        }
        // Safe: the timer is used on the loop alone; it is handed over before anybody can cancel it.
        nonisolated(unsafe) let bound = timer
        perform { self.isEnding ? bound.act?(false) : self.timers.add(bound) }
        return Scheduled(promise: promise) { self.perform { self.timers.cancel(bound) } }
    }

    @discardableResult
    package func scheduleTask<T>(
        in time: TimeAmount, _ task: @escaping @Sendable () throws -> T
    ) -> Scheduled<T> {
        scheduleTask(deadline: .now() + time, task)
    }

    /// At once, if this is the loop.
    private func perform(_ act: @escaping @Sendable () -> Void) {
        if inEventLoop { act() } else { post(act) }
    }

    private func post(_ task: @escaping @Sendable () -> Void) {
        let phase = inbox.withLock { inbox in
            inbox.tasks.append(task)
            let phase = inbox.phase
            switch phase {
            case .awake, .asleep: inbox.phase = .awake
            case .ended, .inherited: inbox.phase = .inherited
            }
            return phase
        }
        switch phase {
        case .awake, .inherited: break
        case .asleep: poller.wake()
        case .ended: runAfterwards()
        }
    }

    /// Futures of this loop may outlive it, and those who wait for them are to be told. Whoever asks does it itself
    /// then, one at a time. Nobody waits for another one: two that each ask the other's loop would do so for ever.
    private func runAfterwards() {
        owner.store(DetachedThread.current, ordering: .relaxed)
        while takeAfterwards() {
            while !tasks.isEmpty { runTasks() }
        }
    }

    /// False if nothing is left to do; then the next who asks is on its own again.
    private func takeAfterwards() -> Bool {
        let posted = inbox.withLock { inbox in
            if inbox.tasks.isEmpty {
                owner.store(0, ordering: .relaxed)
                inbox.phase = .ended
            }
            defer { inbox.tasks = [] }
            return inbox.tasks
        }
        for task in posted { tasks.append(task) }
        return !posted.isEmpty
    }

    // MARK: - The thread

    private func run() {
        while !isEnding { turn() }
        end()
    }

    private func turn() {
        runTasks()
        // Behind the tasks, which may have set a timer.
        let wait = runTimers()
        poller.wait(prepareToSleep() ? wait : 0) { name, events in handles.handle(named: name)?.ready(events) }
        if !resuming.isEmpty { resumeHandles() }
    }

    /// Returns how many nanoseconds there are until the next timer; negative: there is none.
    private func runTimers() -> Int64 {
        guard timers.next != nil else { return -1 }
        var now = NIODeadline.now()
        while let act = timers.popDue(now) {
            act(true)
            // It may have taken a while, in which the next one has become due.
            if let next = timers.next, next > now { now = .now() }
        }
        guard let next = timers.next else { return -1 }
        return max(0, (next - now).nanoseconds)
    }

    /// What these ask for comes after the next look at the sockets, so that no chain of tasks holds those up.
    private func runTasks() {
        guard !tasks.isEmpty else { return }
        var due: [() -> Void] = []
        swap(&due, &tasks)
        for task in due { task() }
        // Keeps the memory, if nobody has asked for anything.
        guard tasks.isEmpty else { return }
        due.removeAll(keepingCapacity: true)
        tasks = due
    }

    /// Takes what other threads have asked for; whether there is nothing to do.
    private func prepareToSleep() -> Bool {
        let isIdle = tasks.isEmpty && resuming.isEmpty && !isEnding
        let posted = inbox.withLock { inbox in
            let posted = inbox.tasks
            if !posted.isEmpty { inbox.tasks = [] }
            inbox.phase = posted.isEmpty && isIdle ? .asleep : .awake
            return posted
        }
        for task in posted { tasks.append(task) }
        return posted.isEmpty && isIdle
    }

    private func resumeHandles() {
        let due = resuming
        resuming = []
        for handle in due {
            handle.isResuming = false
            handle.resume()
        }
    }

    // MARK: - Sockets

    /// Watches a socket.
    ///
    /// - Throws: `IOError`; `EventLoopError.shutdown` if the loop ends.
    func watch(_ handle: EpollHandle) throws {
        assertInEventLoop()
        if isEnding { throw EventLoopError.shutdown }
        let place = handles.add(handle)
        do { try poller.add(handle.descriptor, named: place.name) } catch {
            handles.remove(place)
            throw error
        }
        handle.place = place
    }

    /// Has `heir` be told of the socket that `handle` has watched.
    func replace(_ handle: EpollHandle, with heir: EpollHandle) {
        guard let place = handle.place else { return }
        handles.replace(place, with: heir)
        (handle.place, heir.place) = (nil, place)
    }

    func forget(_ handle: EpollHandle) {
        guard let place = handle.place else { return }
        handles.remove(place)
        handle.place = nil
    }

    /// Looks at a handle again, after all others that there is news of.
    func resume(_ handle: EpollHandle) {
        // Nobody looks any more when the loop has ended, and it would be kept for ever.
        if handle.isResuming || isEnding { return }
        handle.isResuming = true
        resuming.append(handle)
    }

    /// Bytes read at once: what one socket may bring before the others have their turn.
    package static let readSize = 64 << 10

    /// The buffer into which all sockets are read, one after the other. It is empty, and nobody else holds it.
    @inline(__always)
    func takeBuffer() -> ByteBuffer {
        guard var buffer else { return ByteBufferAllocator().buffer(capacity: Self.readSize) }
        self.buffer = nil
        // It gets other memory if somebody has kept a part of it.
        buffer.clear()
        return buffer
    }

    @inline(__always)
    func giveBuffer(_ buffer: consuming ByteBuffer) {
        if buffer.capacity == Self.readSize { self.buffer = buffer }
    }

    // MARK: - The end

    /// Rounds in which what is asked for while the loop ends is done.
    private static let lastRoundsMax = 100

    /// Closes all sockets and ends the thread; `ended` is called by it at the very end.
    func beginEnd(_ ended: @escaping @Sendable () -> Void) {
        post { [self] in
            if isOver { return ended() }
            isEnding = true
            whenEnded.append(ended)
        }
    }

    private func end() {
        resuming = []
        for handle in handles.all { handle.loopEnds() }
        for act in timers.removeAll() { act(false) }
        var rounds = 0
        while !finish(anyway: rounds == Self.lastRoundsMax) {
            rounds += 1
            runTasks()
        }
    }

    /// Ends the loop, unless somebody still asks for something. From then on it is others' threads that do.
    private func finish(anyway: Bool) -> Bool {
        let (isIdle, whenEnded) = (tasks.isEmpty || anyway, whenEnded)
        let posted: [@Sendable () -> Void]? = inbox.withLock { inbox in
            if isIdle, inbox.tasks.isEmpty || anyway {
                inbox.phase = .ended
                isOver = true
                owner.store(0, ordering: .relaxed)
                return nil
            }
            defer { inbox.tasks = [] }
            return inbox.tasks
        }
        if let posted {
            for task in posted { tasks.append(task) }
            return false
        }
        for tell in whenEnded { tell() }
        return true
    }
}

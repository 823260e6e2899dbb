// SPDX-License-Identifier: Apache-2.0

import SQLiteClient
import Testing

@testable import SQLiteEngine

@Suite struct CommitGateTests {
    @Test func `one writer never waits`() {
        var gate = CommitGate()
        for _ in 0..<10 {
            #expect(gate.target == 1)
            gate.committed(count: 1, waiting: 0)
        }
    }

    @Test func `two writers don't wait for each other`() {
        var gate = CommitGate()
        gate.committed(count: 1, waiting: 1)
        #expect(gate.target == 1)
    }

    @Test func `many writers are waited for, most of them`() {
        var gate = CommitGate()
        gate.committed(count: 60, waiting: 4)
        #expect(gate.target == 56)
    }

    @Test func `a burst is forgotten after one commit without it`() {
        var gate = CommitGate()
        gate.committed(count: 64, waiting: 0)
        gate.committed(count: 1, waiting: 0)
        #expect(gate.target == 1)
    }

    /// Goal: many clients in a loop share a flush, however slow the sidecar is. Method: a simulation in microseconds.
    /// One server takes `service` for each request, one after another; a commit takes 150.
    @Test("64 clients in a loop need less than a third of a flush per write", arguments: [10, 30, 60])
    func sharesFlushes(service: Int) {
        var gate = CommitGate()
        var ready: [Int] = (0..<64).map { $0 * service }
        var serverFree = 64 * service
        var time = 0
        var commits = 0
        var writes = 0
        while writes < 20_000 {
            let deadline = time + Int(CommitGate.waitNanosecondsMax / 1000)
            let wanted = ready.sorted()[min(gate.target, ready.count) - 1]
            time = max(time, min(wanted, deadline), ready.min() ?? 0)
            let batch = ready.filter { $0 <= time }.count
            ready.removeAll { $0 <= time }
            time += 150
            gate.committed(count: batch, waiting: ready.filter { $0 <= time }.count)
            for _ in 0..<batch {
                serverFree = max(serverFree, time) + service
                ready.append(serverFree)
            }
            commits += 1
            writes += batch
        }
        #expect(Double(commits) / Double(writes) < 0.2)
    }
}

@Suite struct CheckpointPolicyTests {
    @Test func `a short log is left alone`() {
        #expect(CheckpointPolicy().mode(logPages: CheckpointPolicy.logPagesTarget - 1) == nil)
    }

    @Test func `a grown log is copied, a huge one with more patience`() {
        let policy = CheckpointPolicy()
        #expect(policy.mode(logPages: CheckpointPolicy.logPagesTarget) == .full)
        #expect(policy.mode(logPages: CheckpointPolicy.logPagesMax) == .restart)
    }

    @Test func `a checkpoint that a reader cut short is tried again later, not at each commit`() {
        var policy = CheckpointPolicy()
        let target = CheckpointPolicy.logPagesTarget
        policy.checkpointed(log: target, copied: 10)
        #expect(policy.mode(logPages: target + 1) == nil)
        #expect(policy.mode(logPages: target + CheckpointPolicy.retryPages) == .full)
        policy.checkpointed(log: target + 300, copied: target + 300)
        #expect(policy.mode(logPages: target) == .full)
    }

    @Test func `a checkpoint that failed is tried again later`() {
        var policy = CheckpointPolicy()
        let failed = CheckpointPolicy.logPagesTarget
        policy.failed(log: failed)
        #expect(policy.mode(logPages: failed + 1) == nil)
        #expect(policy.mode(logPages: failed + CheckpointPolicy.retryPages) == .full)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Sidecar
import Testing

@Suite struct RestartStateMachineTests {
    private typealias Action = RestartStateMachine.Action

    private func machine(
        _ policy: RestartConfiguration.Policy, limit: Int = 10, backoffMax: Duration = .seconds(1)
    ) -> RestartStateMachine {
        var configuration = RestartConfiguration()
        configuration.policy = policy
        configuration.limit = limit
        configuration.backoffMax = backoffMax
        return RestartStateMachine(configuration)
    }

    @Test(
        "The policy and the exit decide whether there is a restart",
        arguments: [
            (RestartConfiguration.Policy.never, AppExit.code(0), false),
            (.never, .code(1), false),
            (.never, .signal(9), false),
            (.onFailure, .code(0), false),
            (.onFailure, .code(1), true),
            (.onFailure, .signal(9), true),
            (.always, .code(0), true),
            (.always, .code(1), true),
        ])
    func policy(_ row: (policy: RestartConfiguration.Policy, exit: AppExit, restarts: Bool)) {
        var machine = machine(row.policy)
        let action = machine.handle(.exited(row.exit, after: .zero))
        #expect(action == (row.restarts ? .restart(after: .milliseconds(200)) : .finish(row.exit)))
    }

    @Test func `the wait doubles up to its maximum`() {
        var machine = machine(.always)
        let waits = [200, 400, 800, 1000, 1000].map { Action.restart(after: .milliseconds($0)) }
        #expect(waits.map { _ in machine.handle(.exited(.code(1), after: .zero)) } == waits)
    }

    @Test func `the limit of restarts in a row ends with the last exit`() {
        var machine = machine(.onFailure, limit: 2)
        _ = machine.handle(.exited(.code(1), after: .zero))
        _ = machine.handle(.exited(.code(2), after: .zero))
        #expect(machine.handle(.exited(.code(3), after: .zero)) == .giveUp(.code(3)))
    }

    @Test func `a limit of zero allows no restart`() {
        var machine = machine(.always, limit: 0)
        #expect(machine.handle(.exited(.code(1), after: .zero)) == .giveUp(.code(1)))
    }

    @Test func `an app that ran long enough starts over with count and wait`() {
        var machine = machine(.always, limit: 2)
        _ = machine.handle(.exited(.code(1), after: .zero))
        _ = machine.handle(.exited(.code(1), after: .zero))
        #expect(machine.handle(.exited(.code(1), after: .seconds(60))) == .restart(after: .milliseconds(200)))
        #expect(machine.restartsInRow == 1)
    }

    @Test func `after the wish to stop no exit leads to a restart`() {
        var machine = machine(.always)
        #expect(machine.handle(.stopRequested) == .nothing)
        #expect(machine.handle(.exited(.signal(15), after: .zero)) == .finish(.signal(15)))
    }

    @Test func `a wait of zero stays zero`() {
        var configuration = RestartConfiguration()
        configuration.policy = .always
        configuration.backoff = .zero
        var machine = RestartStateMachine(configuration)
        _ = machine.handle(.exited(.code(1), after: .zero))
        #expect(machine.handle(.exited(.code(1), after: .zero)) == .restart(after: .zero))
    }
}

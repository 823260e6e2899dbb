// SPDX-License-Identifier: Apache-2.0

import NIOCore
import TestKit
import Testing

@testable import Ambassador

@Suite("Membership in a ring")
struct RingMembershipTests {
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private static func membership(failures: Int = 2, isEnabled: Bool = true) -> RingMembership {
        RingMembership(["a", "b"], rules: rules(failures: failures, isEnabled: isEnabled))
    }

    private static func rules(failures: Int = 2, isEnabled: Bool = true) -> EjectionConfiguration {
        var rules = EjectionConfiguration()
        (rules.enabled, rules.failures, rules.pause) = (isEnabled, failures, .seconds(10))
        return rules
    }

    @Test func `failures in a row eject a server, and only it`() {
        let membership = Machine(Self.membership())
        #expect(!membership { $0.failed("a", at: Self.start) })
        #expect(membership { $0.failed("a", at: Self.start) })
        #expect(!membership.value.lives("a"))
        #expect(membership.value.lives("b"))
        #expect(membership.value.ejections == 1)
        #expect(membership.value.nextProbe == Self.start + .seconds(10))
    }

    @Test func `an answer between two failures forgives the first`() {
        let membership = Machine(Self.membership())
        _ = membership.value.failed("a", at: Self.start)
        membership.value.answered("a")
        #expect(!membership { $0.failed("a", at: Self.start) })
        #expect(membership.value.lives("a"))
    }

    @Test func `without ejection no failure counts`() {
        let membership = Machine(Self.membership(failures: 1, isEnabled: false))
        for _ in 0..<10 { #expect(!membership { $0.failed("a", at: Self.start) }) }
        #expect(membership.value.lives("a"))
        #expect(membership.value.nextProbe == nil)
    }

    @Test func `after its pause a server is asked once, and returns if it is well`() {
        let membership = Machine(Self.membership(failures: 1))
        _ = membership.value.failed("a", at: Self.start)
        #expect(membership { $0.takeDue(at: Self.start + .seconds(9)) } == [])
        #expect(membership { $0.takeDue(at: Self.start + .seconds(10)) } == ["a"])
        #expect(membership { $0.takeDue(at: Self.start + .seconds(20)) } == [])
        #expect(!membership.value.lives("a"))
        #expect(membership { $0.probed("a", isWell: true, at: Self.start + .seconds(11)) })
        #expect(membership.value.lives("a"))
    }

    @Test func `each time that a server isn't well its pause doubles, up to eight times the first`() {
        let membership = Machine(Self.membership(failures: 1))
        var now = Self.start
        _ = membership.value.failed("a", at: now)
        for pause in [10, 20, 40, 80, 80] {
            #expect(membership.value.nextProbe == now + .seconds(Int64(pause)))
            now = now + .seconds(Int64(pause))
            #expect(membership { $0.takeDue(at: now) } == ["a"])
            #expect(!membership { $0.probed("a", isWell: false, at: now) })
        }
        _ = membership.value.takeDue(at: now + .seconds(80))
        #expect(membership { $0.probed("a", isWell: true, at: now) })
        // The next time it begins small again.
        _ = membership.value.failed("a", at: now)
        #expect(membership.value.nextProbe == now + .seconds(10))
    }

    @Test func `failures of a server that is out change nothing`() {
        let membership = Machine(Self.membership(failures: 1))
        _ = membership.value.failed("a", at: Self.start)
        #expect(!membership { $0.failed("a", at: Self.start + .seconds(5)) })
        #expect(membership.value.nextProbe == Self.start + .seconds(10))
        membership.value.answered("a")
        #expect(!membership.value.lives("a"))
    }

    @Test func `every server can be out`() {
        let membership = Machine(Self.membership(failures: 1))
        _ = membership.value.failed("a", at: Self.start)
        _ = membership.value.failed("b", at: Self.start)
        #expect(!membership.value.lives("a") && !membership.value.lives("b"))
    }

    @Test func `servers that stay keep their standing when others come and go`() {
        let membership = Machine(Self.membership(failures: 1))
        _ = membership.value.failed("a", at: Self.start)
        membership.value.change(["a", "c"], rules: Self.rules(failures: 1))
        #expect(!membership.value.lives("a"))
        #expect(membership.value.lives("c"))
        #expect(!membership.value.lives("b"), "It is none of the pool's any more.")
        #expect(!membership { $0.failed("b", at: Self.start) })
        #expect(!membership { $0.probed("b", isWell: true, at: Self.start) })
    }

    @Test func `turning ejection off brings everybody back`() {
        let membership = Machine(Self.membership(failures: 1))
        _ = membership.value.failed("a", at: Self.start)
        membership.value.change(["a", "b"], rules: Self.rules(isEnabled: false))
        #expect(membership.value.lives("a"))
        #expect(membership.value.nextProbe == nil)
    }
}

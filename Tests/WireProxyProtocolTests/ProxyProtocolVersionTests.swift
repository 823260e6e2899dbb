// SPDX-License-Identifier: Apache-2.0

import Testing
import WireProxyProtocol

struct ProxyProtocolVersionTests {
    @Test func `there are two versions`() { #expect(ProxyProtocolVersion.allCases.count == 2) }
}

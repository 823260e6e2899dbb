// SPDX-License-Identifier: Apache-2.0

import Proxying
import Testing
import WireHTTP

@testable import Ambassador

@Suite("The part of a request that decides where it goes")
struct RequestKeyTests {
    private static let address: UInt64 = 4711

    private func hash(_ key: RequestKey, _ request: String) throws -> UInt64? {
        let bytes = Array(request.utf8)
        var scan = HTTPHeadScan()
        _ = try scan.scanRequest(bytes.span)
        return key.hash(of: scan, bytes.span, addressHash: Self.address)
    }

    private func request(_ target: String, _ fields: String = "") -> String {
        "GET \(target) HTTP/1.1\r\nHost: x\r\n\(fields)\r\n"
    }

    private func key(_ change: (inout BalanceKeyConfiguration) -> Void) -> RequestKey {
        var configuration = BalanceKeyConfiguration()
        change(&configuration)
        return RequestKey(configuration)
    }

    private func same(_ text: String) -> UInt64 { KeyHash.xxh3.hash(text.utf8.span) }

    @Test func `is the value of a header, whatever the case of its name`() throws {
        let key = key { $0.header = "X-User" }
        #expect(try hash(key, request("/", "x-USER: ann\r\n")) == same("ann"))
        #expect(try hash(key, request("/", "x-users: ann\r\n")) == nil)
        #expect(try hash(key, request("/", "x-user:\r\n")) == nil)
    }

    @Test func `is the value of a cookie`() throws {
        let key = key { $0.cookie = "id" }
        #expect(try hash(key, request("/", "Cookie: a=b; id=ann; id=bob\r\n")) == same("ann"))
        #expect(try hash(key, request("/", "Cookie: ID=ann\r\n")) == nil)
    }

    @Test func `is the value of a parameter of the query`() throws {
        let key = key { $0.query = "user" }
        #expect(try hash(key, request("/a?x=y&user=ann&user=bob")) == same("ann"))
        #expect(try hash(key, request("/a?users=ann")) == nil)
        #expect(try hash(key, request("/user=ann")) == nil)
    }

    @Test func `is the path without its query`() throws {
        let key = key { $0.path = true }
        #expect(try hash(key, request("/a/b?c")) == same("/a/b"))
    }

    @Test func `is the client's address if nothing is said`() throws {
        #expect(try hash(key { _ in }, request("/")) == Self.address)
        #expect(try hash(key { $0.address = true }, request("/")) == Self.address)
    }

    @Test func `is what makes a split sticky`() throws {
        var sticky = StickyConfiguration()
        #expect(RequestKey(sticky) == nil)
        sticky.address = true
        let byAddress = try #require(RequestKey(sticky))
        #expect(try hash(byAddress, request("/")) == Self.address)
        sticky.header = "x-user"
        let byHeader = try #require(RequestKey(sticky))
        #expect(try hash(byHeader, request("/", "X-User: ann\r\n")) == same("ann"))
    }
}

// SPDX-License-Identifier: Apache-2.0

import TestKit
import Testing

@testable import Proxying

@Suite("The watch of a name")
struct NameWatchTests {
    private static let unknown = NameLookupError("Name or service not known")

    @Test func `says nothing of a name that leads where it led`() {
        let watch = Machine(NameWatch())
        #expect(watch { $0.learned(.success(["10.0.0.1", "10.0.0.2"])) } == nil)
        #expect(watch { $0.learned(.success(["10.0.0.2", "10.0.0.1"])) } == nil)
        #expect(watch.value.addresses == ["10.0.0.1", "10.0.0.2"])
    }

    @Test func `says where a name moved to`() {
        let watch = Machine(NameWatch())
        _ = watch.value.learned(.success(["10.0.0.1"]))
        #expect(watch { $0.learned(.success(["10.0.0.9"])) } == .moved(from: ["10.0.0.1"], to: ["10.0.0.9"]))
        #expect(watch { $0.learned(.success(["10.0.0.9"])) } == nil)
    }

    @Test func `says once that a name is lost, and keeps where it led`() {
        let watch = Machine(NameWatch())
        _ = watch.value.learned(.success(["10.0.0.1"]))
        #expect(watch { $0.learned(.failure(Self.unknown)) } == .lost(Self.unknown))
        #expect(watch { $0.learned(.failure(Self.unknown)) } == nil)
        #expect(watch.value.addresses == ["10.0.0.1"])
        #expect(watch { $0.learned(.success(["10.0.0.1"])) } == .found(["10.0.0.1"]))
    }

    @Test func `says when a name that was never known is found`() {
        let watch = Machine(NameWatch())
        #expect(watch { $0.learned(.failure(Self.unknown)) } == .lost(Self.unknown))
        #expect(watch { $0.learned(.success(["10.0.0.1"])) } == .found(["10.0.0.1"]))
    }

    @Test func `says moved of a name that comes back elsewhere`() {
        let watch = Machine(NameWatch())
        _ = watch.value.learned(.success(["10.0.0.1"]))
        _ = watch.value.learned(.failure(Self.unknown))
        #expect(watch { $0.learned(.success(["10.0.0.2"])) } == .moved(from: ["10.0.0.1"], to: ["10.0.0.2"]))
    }

    @Test func `the system knows this machine's own name, and no other of that kind`() async throws {
        let addresses = try await NameLookup.addresses(of: "localhost").get()
        #expect(!addresses.isDisjoint(with: ["127.0.0.1", "::1"]))
        guard case .failure(let error) = await NameLookup.addresses(of: "no-such-host.invalid") else {
            return #expect(Bool(false), "A name that nobody may have was found.")
        }
        #expect(!error.description.isEmpty)
    }

    @Test(arguments: [
        ("10.0.0.1", true), ("::1", true), ("localhost", false), ("10.0.0", false), ("redis-0.redis", false),
    ])
    func `an address needs no lookup`(_ host: String, _ isAddress: Bool) {
        #expect(NameLookup.isAddress(host) == isAddress)
    }
}

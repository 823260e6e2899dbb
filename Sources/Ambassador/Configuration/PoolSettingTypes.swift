// SPDX-License-Identifier: Apache-2.0

internal import Proxying
internal import Settings

extension SettingType where Value == PoolAddress {
    static var poolAddress: Self {
        SettingType(
            expectation: "HOST:PORT, such as 127.0.0.1:6379, or the path of a socket with or without its permissions",
            placeholder: "HOST:PORT", schema: .string(pattern: "^(.+:[0-9]+|/.*)$"), parse: PoolAddress.init(text:),
            text: \.description)
    }
}

extension SettingType where Value == ServerAddress {
    static var serverAddress: Self {
        SettingType(
            expectation: "HOST:PORT, such as redis-0.redis:6379, or the path of a socket", placeholder: "HOST:PORT",
            schema: .string(pattern: "^(.+:[0-9]+|/.*)$"), parse: ServerAddress.init(text:), text: \.description)
    }
}

extension SettingType where Value == HashTag {
    static var hashTag: Self {
        SettingType(
            expectation: "two characters of ASCII, such as {}", placeholder: "XY",
            schema: .string(pattern: "^[ -~]{2}$"),
            parse: { text in text.utf8.allSatisfy { $0 < 0x80 } ? HashTag(text) : nil },
            text: { String(decoding: [$0.open, $0.close], as: UTF8.self) })
    }
}

extension SettingType where Value == ServerConfiguration {
    /// A server as one text: `redis-0.redis:6379 weight=2 replica-of=a`.
    static var server: Self {
        SettingType(
            expectation: "HOST:PORT [weight=N] [replica-of=SERVER], such as redis-0.redis:6379 weight=2",
            placeholder: "HOST:PORT [weight=N]", schema: .string(pattern: nil), parse: ServerConfiguration.init(text:),
            text: \.text)
    }
}

extension ServerConfiguration {
    init?(text: String) {
        let words = text.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
        guard let first = words.first, let address = ServerAddress(text: first) else { return nil }
        self.init(address: address)
        var seen: Set<String> = []
        for word in words.dropFirst() {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, seen.insert(parts[0]).inserted else { return nil }
            switch parts[0] {
            case "weight":
                guard let weight = SettingType.integer(RingServer.weights).parse(parts[1]) else { return nil }
                self.weight = weight
            case "replica-of":
                guard !parts[1].isEmpty else { return nil }
                replicaOf = parts[1]
            default: return nil
            }
        }
    }

    var text: String {
        var words = ["\(address)"]
        if weight != 1 { words.append("weight=\(weight)") }
        if let replicaOf { words.append("replica-of=\(replicaOf)") }
        return words.joined(separator: " ")
    }
}

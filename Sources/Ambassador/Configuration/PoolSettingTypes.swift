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
        guard let (address, options) = ServerAddress.reading(text) else { return nil }
        self.init(address: address)
        for (name, value) in options {
            switch name {
            case "weight":
                guard let weight = SettingType.integer(RingServer.weights).parse(value) else { return nil }
                self.weight = weight
            case "replica-of": replicaOf = value
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

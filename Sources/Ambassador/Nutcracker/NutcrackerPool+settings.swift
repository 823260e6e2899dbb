// SPDX-License-Identifier: Apache-2.0

import Core
import Proxying
import Settings

extension NutcrackerPool {
    /// twemproxy's directives, all of them.
    static var settings: SettingGroup<NutcrackerPool> {
        SettingGroup(
            "A pool of a nutcracker.yml.",
            [
                .setting("listen", \.listen, .nutcrackerListen, "What clients connect to."),
                .setting("hash", \.hash, .nutcrackerHash, "How keys are hashed."),
                .setting("hash_tag", optional: \.hashTag, .nutcrackerHashTag, "The part of a key that is hashed."),
                .setting("distribution", \.distribution, .nutcrackerDistribution, "How keys are spread."),
                .setting("timeout", optional: \.timeout, .nutcrackerNumber, "Milliseconds."),
                .setting("backlog", \.backlog, .nutcrackerNumber, "Connections that wait to be accepted."),
                .setting("client_connections", \.clientConnections, .nutcrackerNumber, "Has no effect."),
                .setting("redis", \.isRedis, .nutcrackerBoolean, "Whether the servers are Redis'."),
                .setting("tcpkeepalive", \.keepsAlive, .nutcrackerBoolean, "SO_KEEPALIVE towards servers."),
                .setting("reuseport", \.sharesPort, .nutcrackerBoolean, "SO_REUSEPORT of the listener."),
                .setting("redis_auth", optional: \.password, .text, "The password of servers and clients.", .secret),
                .setting("redis_db", \.database, .nutcrackerNumber, "The database that is selected."),
                .setting("preconnect", \.preconnects, .nutcrackerBoolean, "Connects at the start."),
                .setting("auto_eject_hosts", \.ejectsHosts, .nutcrackerBoolean, "Ejects servers that fail."),
                .setting("server_connections", \.serverConnections, .nutcrackerCount, "Has no effect."),
                .setting("server_retry_timeout", \.retryTimeout, .nutcrackerNumber, "Milliseconds."),
                .setting("server_failure_limit", \.failureLimit, .nutcrackerNumber, "Failures in a row."),
                .setting("servers", list: \.servers, .nutcrackerServer, "The servers."),
            ])
    }
}

// The expectations are written for people who know twemproxy's own sentences.
extension SettingType where Value == PoolAddress {
    fileprivate static var nutcrackerListen: Self {
        SettingType(
            expectation: "\"hostname:port\" or \"socket_path permission\"", placeholder: "ADDRESS",
            schema: .string(pattern: nil),
            parse: { text in
                guard let address = PoolAddress(text: text) else { return nil }
                if case .network(let network) = address, network.port == 0 { return nil }
                return address
            }, text: \.description)
    }
}

extension SettingType where Value == NutcrackerServer {
    fileprivate static var nutcrackerServer: Self {
        SettingType(
            expectation: "\"hostname:port:weight [name]\" or \"/path/unix_socket:weight [name]\" with a weight from 1 "
                + "to \(RingServer.weights.upperBound)",
            placeholder: "SERVER", schema: .string(pattern: nil), parse: NutcrackerServer.init(text:), text: \.name)
    }
}

extension SettingType where Value == KeyHash {
    fileprivate static var nutcrackerHash: Self {
        let names = KeyHash.allCases.filter { $0 != .xxh3 }.map(\.rawValue)
        return SettingType(
            expectation: names.alternatives, placeholder: "HASH", schema: .choice(names),
            parse: { names.contains($0) ? KeyHash(rawValue: $0) : nil }, text: \.rawValue)
    }
}

extension SettingType where Value == RingKind {
    fileprivate static var nutcrackerDistribution: Self {
        let kinds = [RingKind.ketama, .modula, .random]
        return SettingType(
            expectation: kinds.map(\.rawValue).alternatives, placeholder: "DISTRIBUTION",
            schema: .choice(kinds.map(\.rawValue)), parse: { name in kinds.first { $0.rawValue == name } },
            text: \.rawValue)
    }
}

extension SettingType where Value == HashTag {
    fileprivate static var nutcrackerHashTag: Self {
        SettingType(
            expectation: "a hash tag of two characters", placeholder: "XY", schema: .string(pattern: nil),
            parse: { HashTag($0) }, text: { String(decoding: [$0.open, $0.close], as: UTF8.self) })
    }
}

extension SettingType where Value == Bool {
    /// Neither `yes` nor `True`.
    fileprivate static var nutcrackerBoolean: Self {
        SettingType(
            expectation: "true or false", placeholder: "true|false", schema: .boolean,
            parse: { $0 == "true" ? true : $0 == "false" ? false : nil }, text: { "\($0)" })
    }
}

extension SettingType where Value == Int {
    fileprivate static var nutcrackerNumber: Self {
        SettingType(
            expectation: "a number", placeholder: "N", schema: .integer(0...Int(Int32.max)),
            parse: { Int(digits: $0) }, text: { "\($0)" })
    }

    fileprivate static var nutcrackerCount: Self {
        var type = nutcrackerNumber
        type.expectation = "a number that is not 0"
        type.parse = { text in Int(digits: text).flatMap { $0 > 0 ? $0 : nil } }
        return type
    }
}

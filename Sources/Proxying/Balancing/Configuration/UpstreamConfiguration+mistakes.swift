// SPDX-License-Identifier: Apache-2.0

internal import Core
internal import Settings

extension UpstreamConfiguration {
    /// What is wrong between its settings, each of which is right for itself: a key under its own, and what is wrong.
    package var mistakes: [(key: String, message: String)] {
        var mistakes: [(key: String, message: String)] = []
        if servers.isEmpty { mistakes.append(("servers", "found nothing, expected at least one server")) }
        if hash.given.count > 1 {
            mistakes.append(("hash", "found \(hash.given.joined(separator: " and ")), expected one of them"))
        }
        if !hash.given.isEmpty, !balance.isByHash {
            let expected = BalanceKind.allCases.filter(\.isByHash).map(\.rawValue).alternatives
            mistakes.append(("balance", "found \(balance.rawValue), expected \(expected) because hash is given"))
        }
        if ejection.pauseMax < ejection.pause {
            mistakes.append(
                (
                    "ejection.pause-max",
                    "found \(ejection.pauseMax.text), expected at least the pause of \(ejection.pause.text)"
                ))
        }
        if health.path == nil, health.status != nil || health.host != nil {
            let found = health.status == nil ? "host" : "status"
            mistakes.append(("health.path", "found nothing, expected a path because \(found) is given"))
        }
        return mistakes
    }
}

extension BalanceKeyConfiguration {
    /// The names of what is given.
    fileprivate var given: [String] {
        let all = [
            ("header", header != nil), ("cookie", cookie != nil), ("query", query != nil), ("path", path),
            ("address", address),
        ]
        return all.filter(\.1).map(\.0)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Ambassador
import Core
import Telemetry

/// What the admin listener tells of the ambassador's pools: servers, their share of the keys, what is hot and what is
/// slow.
///
/// Each answer is JSON, or with `format=text` lines for people.
struct ShardsRoom: Sendable {
    let pools: [any ServedPool]

    var endpoints: [AdminEndpoint] {
        [
            AdminEndpoint("/admin/shards", summary: "Each pool's servers, shares and health; ?pool=.") {
                await answer($0, { $0.servers(to: &$1) }, { $0.serversText })
            },
            AdminEndpoint("/admin/shards/where", summary: "On which server a key lives; ?key=&pool=.", respond: place),
            AdminEndpoint("/admin/shards/hot", summary: "The keys that are asked for most; ?pool=.") {
                await answer($0, { $0.hotKeys(to: &$1) }, { $0.hotKeysText })
            },
            AdminEndpoint("/admin/shards/slow", summary: "The latest commands that took long; ?pool=.") {
                await answer($0, { $0.slowCommands(to: &$1) }, { $0.slowCommandsText })
            },
        ]
    }

    /// The pools that are asked about, or why there are none.
    private func chosen(_ request: AdminRequest) -> Result<[any ServedPool], ShardsRefusal> {
        guard let name = request.value(of: "pool") else { return .success(pools) }
        let found = pools.filter { $0.name == name }
        return found.isEmpty ? .failure(ShardsRefusal(pool: name, known: pools.map(\.name))) : .success(found)
    }

    private func answer(
        _ request: AdminRequest, _ write: (PoolSnapshot, inout JSONWriter) -> Void, _ text: (PoolSnapshot) -> String
    ) async -> AdminResponse {
        switch chosen(request) {
        case .failure(let refusal): return refusal.response
        case .success(let pools):
            var snapshots: [PoolSnapshot] = []
            for pool in pools { snapshots.append(await pool.snapshot()) }
            if request.value(of: "format") == "text" { return .text(snapshots.map(text).joined(separator: "\n")) }
            return .json(.pools(snapshots, write))
        }
    }

    private func place(_ request: AdminRequest) async -> AdminResponse {
        guard let key = request.value(of: "key") else {
            return .text("There is no key to look for: expected ?key=KEY.\n", status: 400)
        }
        switch chosen(request) {
        case .failure(let refusal): return refusal.response
        case .success(let pools):
            var places: [(pool: String, server: PoolSnapshot.Server?)] = []
            for pool in pools { places.append((pool.name, await pool.server(of: Array(key.utf8)))) }
            if request.value(of: "format") == "text" { return .text(Self.text(key, places)) }
            return .json(.places(key, places))
        }
    }

    private static func text(_ key: String, _ places: [(pool: String, server: PoolSnapshot.Server?)]) -> String {
        places.map { pool, server in
            guard let server else { return "\(pool): no server is alive that could have \(key)\n" }
            return "\(pool): \(key) lives on \(server.name) (\(server.address))\n"
        }.joined()
    }
}

/// A question about a pool that isn't there.
private struct ShardsRefusal: Error {
    let pool: String
    let known: [String]

    var response: AdminResponse {
        let known = known.isEmpty ? "none" : known.joined(separator: ", ")
        return .text("There is no pool \(Problem.quote(pool)); there is: \(known).\n", status: 404)
    }
}

extension [UInt8] {
    fileprivate static func pools(
        _ snapshots: [PoolSnapshot], _ write: (PoolSnapshot, inout JSONWriter) -> Void
    ) -> [UInt8] {
        var json = JSONWriter(capacity: 4096)
        json.beginObject()
        json.key("pools")
        json.beginArray()
        for snapshot in snapshots {
            json.beginObject()
            json.field("name", snapshot.name)
            write(snapshot, &json)
            json.endObject()
        }
        json.endArray()
        json.endObject()
        return json.bytes + [UInt8(ascii: "\n")]
    }

    fileprivate static func places(
        _ key: String, _ places: [(pool: String, server: PoolSnapshot.Server?)]
    ) -> [UInt8] {
        var json = JSONWriter(capacity: 512)
        json.beginObject()
        json.field("key", key)
        json.key("places")
        json.beginArray()
        for (pool, server) in places {
            json.beginObject()
            json.field("pool", pool)
            if let server {
                json.field("server", server.name)
                json.field("address", server.address)
            }
            json.endObject()
        }
        json.endArray()
        json.endObject()
        return json.bytes + [UInt8(ascii: "\n")]
    }
}

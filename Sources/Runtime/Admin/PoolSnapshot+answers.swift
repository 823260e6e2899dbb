// SPDX-License-Identifier: Apache-2.0

import Ambassador
import Core

/// A pool as JSON and as lines for people.
extension PoolSnapshot {
    func servers(to json: inout JSONWriter) {
        json.field("protocol", language)
        json.field("listen", listen)
        json.field("ring", ring)
        json.field("hash", hash)
        json.key("clients")
        json.beginObject()
        json.field("open", clients.open)
        json.field("accepted", Int(clients.accepted))
        json.field("refused", Int(clients.refused))
        json.field("commands", Int(clients.commands))
        json.field("failed", Int(clients.failed))
        json.endObject()
        json.key("servers")
        json.beginArray()
        for server in servers {
            json.beginObject()
            json.field("name", server.name)
            json.field("address", server.address)
            json.field("weight", server.weight)
            json.field("share", server.share)
            if let original = server.replicaOf { json.field("replicaOf", original) }
            json.field("alive", server.isLive || server.replicaOf != nil)
            json.field("connections", server.counters.connections)
            json.field("requests", Int(server.counters.requests))
            json.field("replies", Int(server.counters.replies))
            json.field("refusals", Int(server.counters.refusals))
            json.field("timeouts", Int(server.counters.timeouts))
            json.field("errors", Int(server.counters.errors + server.counters.closes))
            json.field("inFlight", server.counters.inFlight)
            json.endObject()
        }
        json.endArray()
    }

    var serversText: String {
        var table = TextTable([
            ("SERVER", .left), ("ADDRESS", .left), ("SHARE", .right), ("STATE", .left), ("CONNECTIONS", .right),
            ("REQUESTS", .right), ("ERRORS", .right), ("TIMEOUTS", .right), ("IN FLIGHT", .right),
        ])
        for server in servers {
            let counters = server.counters
            table.add([
                server.name, server.address, Self.percent(server.share), Self.state(server),
                "\(counters.connections)", "\(counters.requests)", "\(counters.errors + counters.closes)",
                "\(counters.timeouts)", "\(counters.inFlight)",
            ])
        }
        return "\(name): \(language) on \(listen), \(ring) by \(hash), \(clients.open) clients\n" + table.text
    }

    private static func state(_ server: Server) -> String {
        if let original = server.replicaOf { return "replica of \(original)" }
        return server.isLive ? "alive" : "ejected"
    }

    func hotKeys(to json: inout JSONWriter) {
        json.field("sampled", Int(hotKeys.samples))
        json.key("keys")
        json.beginArray()
        for key in hotKeys.keys {
            json.beginObject()
            json.field("key", key.text)
            json.field("share", key.share)
            json.field("shareAtLeast", key.shareAtLeast)
            json.endObject()
        }
        json.endArray()
    }

    var hotKeysText: String {
        var table = TextTable([("POOL", .left), ("KEY", .left), ("SHARE", .right), ("AT LEAST", .right)])
        for key in hotKeys.keys {
            table.add([name, key.text, Self.percent(key.share), Self.percent(key.shareAtLeast)])
        }
        return table.text.isEmpty ? "\(name): no command has been sampled yet\n" : table.text
    }

    func slowCommands(to json: inout JSONWriter) {
        json.field("count", Int(slowCount))
        json.key("commands")
        json.beginArray()
        for slow in slowCommands {
            json.beginObject()
            json.field("command", slow.command)
            json.field("key", slow.key)
            json.field("server", slow.server)
            json.field("endedAt", slow.endedAt.rfc3339)
            json.field("seconds", slow.seconds)
            json.field("replyBytes", slow.replyBytes)
            json.endObject()
        }
        json.endArray()
    }

    var slowCommandsText: String {
        var table = TextTable([
            ("POOL", .left), ("ENDED", .left), ("TOOK", .right), ("COMMAND", .left), ("KEY", .left), ("SERVER", .left),
            ("REPLY", .right),
        ])
        for slow in slowCommands {
            table.add([
                name, slow.endedAt.rfc3339, "\(Int(slow.seconds * 1000)) ms", slow.command, slow.key, slow.server,
                "\(slow.replyBytes) B",
            ])
        }
        return table.text.isEmpty ? "\(name): no command took long\n" : table.text
    }

    private static func percent(_ share: Double) -> String {
        let tenths = Int((share * 1000).rounded())
        return "\(tenths / 10).\(tenths % 10) %"
    }
}

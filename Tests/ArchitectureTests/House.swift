// SPDX-License-Identifier: Apache-2.0

/// The rows of the house, from the top; a room may import what is below its own row.
enum Row: Int, Comparable {
    case commandLine, assembly, rooms, engines, contracts, clients, proxying, wire, ground

    static func < (a: Row, b: Row) -> Bool { a.rawValue < b.rawValue }
}

/// A target of Sources.
struct Room: Sendable {
    let module: String
    let folder: String
    let row: Row
    /// Rooms of the same row that it may import, against the rule.
    var neighbours: [String] = []
}

/// The one table of the architecture. A new target is a line here.
enum House {
    static let rooms = [
        Room(module: "outrigger", folder: "outrigger", row: .commandLine),
        Room(module: "Runtime", folder: "Runtime", row: .assembly),
        Room(module: "Sidecar", folder: "Sidecar", row: .rooms),
        Room(module: "Ambassador", folder: "Ambassador", row: .rooms),
        Room(module: "LogBroker", folder: "Events/Broker", row: .rooms),
        // The API publishes, so it may know Events.
        Room(module: "HTTPAPI", folder: "API/HTTP", row: .rooms, neighbours: ["Subscriptions", "AppInvocation"]),
        Room(module: "GRPCAPI", folder: "API/GRPC", row: .rooms, neighbours: ["AppInvocation"]),
        // What both faces know of invocations.
        Room(module: "AppInvocation", folder: "API/Invocation", row: .rooms),
        Room(module: "Subscriptions", folder: "Events/Subscriptions", row: .rooms),
        Room(module: "TraceExport", folder: "Adapter/Traces", row: .rooms),
        Room(module: "SQLiteEngine", folder: "Engines/SQLite", row: .engines),
        Room(module: "MemoryEngine", folder: "Engines/Memory", row: .engines),
        Room(module: "BuildingBlocks", folder: "BuildingBlocks", row: .contracts),
        Room(module: "SQLiteClient", folder: "Clients/SQLite", row: .clients),
        Room(module: "Proxying", folder: "Proxying", row: .proxying),
        Room(module: "WireHTTP", folder: "Wire/HTTP", row: .wire),
        Room(module: "WireProxyProtocol", folder: "Wire/ProxyProtocol", row: .wire),
        Room(module: "WireGRPC", folder: "Wire/GRPC", row: .wire),
        Room(module: "WireRESP", folder: "Wire/RESP", row: .wire),
        Room(module: "WireMemcached", folder: "Wire/Memcached", row: .wire),
        Room(module: "WireJSON", folder: "Wire/JSON", row: .wire),
        // Events are JSON, and rules look at events.
        Room(module: "WireCEL", folder: "Wire/CEL", row: .wire, neighbours: ["WireJSON"]),
        Room(module: "WireCloudEvents", folder: "Wire/CloudEvents", row: .wire, neighbours: ["WireJSON"]),
        Room(module: "WireYAML", folder: "Wire/YAML", row: .wire),
        // The ground has an order of its own: what is said is set, and what is set is made of Core's values.
        Room(module: "Telemetry", folder: "Ground/Telemetry", row: .ground, neighbours: ["Settings", "Core"]),
        Room(module: "Settings", folder: "Ground/Settings", row: .ground, neighbours: ["Core"]),
        Room(module: "Core", folder: "Ground/Core", row: .ground),
    ]

    /// Modules in C, each with the one room that may see it.
    static let ownersOfC = ["CSpawn": "Sidecar", "CEpoll": "Proxying", "CSQLite": "SQLiteClient", "CYAML": "WireYAML"]
    static let foldersOfC = ["Sidecar/CSpawn", "Proxying/CEpoll", "Clients/CSQLite", "Wire/CYAML"]

    /// Where FoundationEssentials may be imported: the control plane. Full Foundation may be nowhere: it brings ICU.
    static let essentialsFolders = ["API/", "Engines/", "Runtime/", "Adapter/", "Events/"]
    static let bannedModules = [
        "Foundation", "FoundationNetworking", "FoundationXML", "FoundationInternationalization", "Dispatch",
    ]

    /// NIO's protocols of event loops name a queue of Dispatch's.
    static let dispatchFile = "Sources/Proxying/Epoll/EpollEventLoopGroup.swift"

    static func room(of file: SourceFile) -> Room? {
        rooms.first { file.path.hasPrefix("Sources/\($0.folder)/") && !isC(file) }
    }

    static func isC(_ file: SourceFile) -> Bool {
        foldersOfC.contains { file.path.hasPrefix("Sources/\($0)/") }
    }

    /// The rule that an import breaks, or nil.
    static func objection(to module: String, in room: Room, of file: SourceFile) -> String? {
        if module == "Dispatch", file.path == dispatchFile { return nil }
        if bannedModules.contains(module) { return "no room imports \(module)" }
        if module == "FoundationEssentials" {
            let isAllowed = essentialsFolders.contains { "\(room.folder)/".hasPrefix($0) }
            return isAllowed ? nil : "FoundationEssentials is for \(essentialsFolders.joined(separator: " ")) only"
        }
        if let owner = ownersOfC[module] { return owner == room.module ? nil : "only \(owner) imports \(module)" }
        guard let other = rooms.first(where: { $0.module == module }), other.module != room.module else { return nil }
        if room.neighbours.contains(module) { return nil }
        if other.row == .engines && room.row != .assembly { return "only Runtime imports an engine" }
        return room.row < other.row ? nil : "imports point down only: \(room.module) is not above \(module)"
    }
}

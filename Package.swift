// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

// Every target of the house is compiled alike. Pointers appear only in the targets of `pointers`.
let house: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

// The rooms, from the top of the house to the ground. Imports point down only (Tests/ArchitectureTests).
let rooms: [Target] = [
    .executableTarget(
        name: "outrigger",
        dependencies: [
            "Runtime", "Settings", "Core",
            .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ],
        swiftSettings: house),
    .target(
        name: "Runtime",
        dependencies: [
            "Sidecar", "Ambassador", "HTTPAPI", "AppInvocation", "GRPCAPI", "LogBroker", "Subscriptions", "TraceExport",
            "SQLiteEngine",
            "MemoryEngine", "BuildingBlocks", "Proxying", "WireHTTP", "WireYAML", "WireJSON", "WireCloudEvents",
            "Settings", "Telemetry", "Core",
            .product(name: "Crypto", package: "swift-crypto"),
            .product(name: "NIOCore", package: "swift-nio"),
            .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            .product(name: "Logging", package: "swift-log"),
            .product(name: "Metrics", package: "swift-metrics"),
        ],
        swiftSettings: house),
    .target(
        name: "Sidecar",
        dependencies: [
            "CSpawn", "Telemetry", "Settings", "Core",
            .product(name: "Logging", package: "swift-log"),
            .product(name: "Metrics", package: "swift-metrics"),
            .product(name: "NIOCore", package: "swift-nio"),
            .product(name: "NIOPosix", package: "swift-nio"),
        ],
        exclude: ["CSpawn"],
        swiftSettings: house),
    .target(name: "CSpawn", path: "Sources/Sidecar/CSpawn"),
    .target(name: "CEpoll", path: "Sources/Proxying/CEpoll"),
    .target(
        name: "Ambassador",
        dependencies: [
            "Proxying", "WireHTTP", "WireJSON", "WireProxyProtocol", "WireRESP", "WireMemcached", "Telemetry",
            "Settings",
            "Core",
            .product(name: "NIOCore", package: "swift-nio"),
            .product(name: "NIOSSL", package: "swift-nio-ssl"),
            .product(name: "Logging", package: "swift-log"),
            .product(name: "Metrics", package: "swift-metrics"),
            .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        ],
        swiftSettings: house),
    .target(
        name: "GRPCAPI",
        dependencies: [
            "AppInvocation", "BuildingBlocks", "Proxying", "WireGRPC", "WireHTTP", "Telemetry", "Core",
            .product(name: "NIOCore", package: "swift-nio"),
            .product(name: "NIOHPACK", package: "swift-nio-http2"),
            .product(name: "NIOHTTP2", package: "swift-nio-http2"),
            .product(name: "Logging", package: "swift-log"),
        ],
        path: "Sources/API/GRPC",
        swiftSettings: house),
    .target(
        name: "AppInvocation",
        dependencies: [
            "BuildingBlocks", "Proxying", "WireGRPC", "WireHTTP", "Telemetry", "Core",
            .product(name: "Metrics", package: "swift-metrics"),
        ],
        path: "Sources/API/Invocation",
        swiftSettings: house),
    .target(
        name: "HTTPAPI",
        dependencies: [
            "AppInvocation", "Subscriptions", "BuildingBlocks", "Proxying", "WireHTTP", "WireJSON", "Telemetry",
            "Settings", "Core",
            .product(name: "NIOCore", package: "swift-nio"),
            .product(name: "Logging", package: "swift-log"),
            .product(name: "Metrics", package: "swift-metrics"),
            .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        ],
        path: "Sources/API/HTTP",
        swiftSettings: house),
    .target(
        name: "LogBroker",
        dependencies: [
            "BuildingBlocks", "Telemetry", "Core",
            .product(name: "NIOCore", package: "swift-nio"),
            .product(name: "Logging", package: "swift-log"),
            .product(name: "Metrics", package: "swift-metrics"),
        ],
        path: "Sources/Events/Broker",
        swiftSettings: house),
    .target(
        name: "Subscriptions",
        dependencies: [
            "BuildingBlocks", "Telemetry", "WireCEL", "WireCloudEvents", "WireHTTP", "WireJSON", "Core",
            .product(name: "NIOCore", package: "swift-nio"),
            .product(name: "CoreMetrics", package: "swift-metrics"),
        ],
        path: "Sources/Events/Subscriptions",
        swiftSettings: house),
    .target(
        name: "TraceExport",
        dependencies: [
            "Proxying", "WireHTTP", "WireJSON", "Telemetry", "Settings", "Core",
            .product(name: "NIOCore", package: "swift-nio"),
            .product(name: "Logging", package: "swift-log"),
            .product(name: "Metrics", package: "swift-metrics"),
            .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        ],
        path: "Sources/Adapter/Traces",
        swiftSettings: house),
    .target(
        name: "SQLiteEngine",
        dependencies: [
            "BuildingBlocks", "SQLiteClient", "Telemetry", "Core",
            .product(name: "NIOCore", package: "swift-nio"),
            .product(name: "Logging", package: "swift-log"),
            .product(name: "Metrics", package: "swift-metrics"),
        ],
        path: "Sources/Engines/SQLite",
        swiftSettings: house),
    .target(
        name: "MemoryEngine",
        dependencies: [
            "BuildingBlocks", "Core",
            .product(name: "NIOCore", package: "swift-nio"),
        ],
        path: "Sources/Engines/Memory",
        swiftSettings: house),
    .target(
        name: "BuildingBlocks",
        dependencies: [
            "Proxying", "WireHTTP", "Core",
            .product(name: "NIOCore", package: "swift-nio"),
            .product(name: "NIOHPACK", package: "swift-nio-http2"),
            .product(name: "Logging", package: "swift-log"),
            .product(name: "Metrics", package: "swift-metrics"),
        ],
        swiftSettings: house),
    .target(
        name: "Proxying",
        dependencies: [
            "CEpoll", "WireHTTP", "WireProxyProtocol", "Telemetry", "Settings", "Core",
            .product(name: "NIOCore", package: "swift-nio"),
            .product(name: "NIOPosix", package: "swift-nio"),
            .product(name: "NIOTLS", package: "swift-nio"),
            .product(name: "NIOHPACK", package: "swift-nio-http2"),
            .product(name: "NIOHTTP2", package: "swift-nio-http2"),
            .product(name: "NIOSSL", package: "swift-nio-ssl"),
            .product(name: "Logging", package: "swift-log"),
            .product(name: "CoreMetrics", package: "swift-metrics"),
            .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        ],
        exclude: ["CEpoll"],
        swiftSettings: house),
    .target(
        name: "WireHTTP",
        dependencies: [.product(name: "NIOCore", package: "swift-nio")],
        path: "Sources/Wire/HTTP",
        swiftSettings: house),
    .target(
        name: "WireProxyProtocol",
        dependencies: ["Core", .product(name: "NIOCore", package: "swift-nio")],
        path: "Sources/Wire/ProxyProtocol",
        swiftSettings: house),
    .target(
        name: "WireGRPC",
        path: "Sources/Wire/GRPC",
        swiftSettings: house),
    .target(
        name: "WireRESP",
        dependencies: [.product(name: "NIOCore", package: "swift-nio")],
        path: "Sources/Wire/RESP",
        swiftSettings: house),
    .target(
        name: "WireMemcached",
        dependencies: [.product(name: "NIOCore", package: "swift-nio")],
        path: "Sources/Wire/Memcached",
        swiftSettings: house),
    .target(
        name: "SQLiteClient",
        dependencies: ["CSQLite", "Core"],
        path: "Sources/Clients/SQLite",
        swiftSettings: house),
    .systemLibrary(
        name: "CSQLite", path: "Sources/Clients/CSQLite", pkgConfig: "sqlite3",
        providers: [.apt(["libsqlite3-dev"])]),
    .target(
        name: "WireJSON",
        dependencies: ["Core"],
        path: "Sources/Wire/JSON",
        swiftSettings: house),
    .target(
        name: "WireCEL",
        dependencies: ["WireJSON", "Core"],
        path: "Sources/Wire/CEL",
        swiftSettings: house),
    .target(
        name: "WireCloudEvents",
        dependencies: ["WireJSON", "Core"],
        path: "Sources/Wire/CloudEvents",
        swiftSettings: house),
    .target(
        name: "WireYAML",
        dependencies: ["CYAML", "Core"],
        path: "Sources/Wire/YAML",
        swiftSettings: house),
    .systemLibrary(
        name: "CYAML", path: "Sources/Wire/CYAML", pkgConfig: "yaml-0.1",
        providers: [.apt(["libyaml-dev"])]),
    .target(
        name: "Settings",
        dependencies: ["Core"],
        path: "Sources/Ground/Settings",
        swiftSettings: house),
    .target(
        name: "Telemetry",
        dependencies: [
            "Settings", "Core",
            .product(name: "Logging", package: "swift-log"),
            .product(name: "CoreMetrics", package: "swift-metrics"),
        ],
        path: "Sources/Ground/Telemetry",
        swiftSettings: house),
    .target(
        name: "Core",
        path: "Sources/Ground/Core",
        swiftSettings: house),
]

let nio: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")

// Measure what the binary doesn't show from outside; `swift run -c release NAME`.
let benchmarks: [Target] = [
    .executableTarget(
        name: "EventLogBenchmark",
        dependencies: [
            "SQLiteEngine", "BuildingBlocks",
            .product(name: "NIOCore", package: "swift-nio"),
            .product(name: "Logging", package: "swift-log"),
        ],
        path: "Benchmarks/EventLog",
        swiftSettings: house),
    .executableTarget(
        name: "EventLogSeed",
        dependencies: [
            "SQLiteEngine", "BuildingBlocks", nio,
            .product(name: "Logging", package: "swift-log"),
        ],
        path: "Benchmarks/Seed",
        swiftSettings: house),
    .executableTarget(
        name: "BrokerBenchmark",
        dependencies: [
            "LogBroker", "MemoryEngine", "BuildingBlocks", nio,
            .product(name: "Logging", package: "swift-log"),
        ],
        path: "Benchmarks/Broker",
        swiftSettings: house),
    .executableTarget(
        name: "LoadGenerator",
        dependencies: ["CEpoll", "Core"],
        path: "Benchmarks/LoadGenerator",
        swiftSettings: house),
]

let tests: [Target] = [
    .target(
        name: "TestKit",
        dependencies: [
            "Core", nio,
            .product(name: "NIOPosix", package: "swift-nio"),
            .product(name: "NIOHPACK", package: "swift-nio-http2"),
            .product(name: "NIOHTTP2", package: "swift-nio-http2"),
        ],
        path: "Tests/TestKit", swiftSettings: house),
    .target(
        name: "Conformance", dependencies: ["BuildingBlocks", "TestKit", "Core", nio],
        path: "Tests/Conformance", swiftSettings: house),
    .testTarget(name: "CoreTests", dependencies: ["Core", "TestKit"], swiftSettings: house),
    .testTarget(
        name: "SettingsTests", dependencies: ["Settings", "WireYAML", "Core", "TestKit"], swiftSettings: house),
    .testTarget(
        name: "TelemetryTests",
        dependencies: [
            "Telemetry", "Core", "TestKit",
            .product(name: "Logging", package: "swift-log"),
            .product(name: "CoreMetrics", package: "swift-metrics"),
        ], swiftSettings: house),
    .testTarget(name: "WireYAMLTests", dependencies: ["WireYAML", "Core", "TestKit"], swiftSettings: house),
    .testTarget(name: "WireJSONTests", dependencies: ["WireJSON", "Core", "TestKit"], swiftSettings: house),
    .testTarget(name: "WireCELTests", dependencies: ["WireCEL", "Core"], swiftSettings: house),
    .testTarget(
        name: "WireCloudEventsTests", dependencies: ["WireCloudEvents", "WireJSON", "Core"], swiftSettings: house),
    .testTarget(
        name: "SubscriptionsTests",
        dependencies: [
            "Subscriptions", "BuildingBlocks", "Proxying", "WireCEL", "WireCloudEvents", "WireJSON", "WireYAML", "Core",
            nio,
            .product(name: "CoreMetrics", package: "swift-metrics"),
        ],
        swiftSettings: house),
    .testTarget(
        name: "SQLiteClientTests", dependencies: ["SQLiteClient", "Core", "TestKit"], swiftSettings: house),
    .testTarget(
        name: "SQLiteEngineTests",
        dependencies: [
            "SQLiteEngine", "SQLiteClient", "CSQLite", "BuildingBlocks", "Conformance", "Core", "TestKit", nio,
            .product(name: "Logging", package: "swift-log"),
        ],
        swiftSettings: house),
    .testTarget(
        name: "MemoryEngineTests",
        dependencies: ["MemoryEngine", "BuildingBlocks", "Conformance", "Core", "TestKit", nio],
        swiftSettings: house),
    .testTarget(
        name: "LogBrokerTests",
        dependencies: [
            "LogBroker", "MemoryEngine", "BuildingBlocks", "Telemetry", "Core", "TestKit", nio,
            .product(name: "Logging", package: "swift-log"),
        ],
        swiftSettings: house),
    .testTarget(
        name: "BuildingBlocksTests",
        dependencies: [
            "BuildingBlocks", "Proxying", "WireHTTP", "Core", "TestKit", nio,
            .product(name: "NIOPosix", package: "swift-nio"),
        ],
        swiftSettings: house),
    .testTarget(
        name: "HTTPAPITests",
        dependencies: [
            "HTTPAPI", "AppInvocation", "Subscriptions", "BuildingBlocks", "MemoryEngine", "Proxying", "WireHTTP",
            "WireJSON", "Telemetry", "Core", "TestKit", nio,
            .product(name: "NIOPosix", package: "swift-nio"),
            .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            .product(name: "Logging", package: "swift-log"),
        ],
        swiftSettings: house),
    .testTarget(
        name: "GRPCAPITests",
        dependencies: [
            "GRPCAPI", "AppInvocation", "BuildingBlocks", "Proxying", "WireGRPC", "WireHTTP", "Telemetry", "Core",
            "TestKit", nio,
            .product(name: "NIOPosix", package: "swift-nio"),
            .product(name: "NIOHPACK", package: "swift-nio-http2"),
            .product(name: "NIOHTTP2", package: "swift-nio-http2"),
            .product(name: "Logging", package: "swift-log"),
        ],
        swiftSettings: house),
    .testTarget(
        name: "TraceExportTests",
        dependencies: [
            "TraceExport", "Proxying", "WireHTTP", "WireJSON", "Telemetry", "Settings", "Core", "TestKit", nio,
            .product(name: "NIOPosix", package: "swift-nio"),
            .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            .product(name: "Logging", package: "swift-log"),
        ],
        exclude: ["Golden"],
        swiftSettings: house),
    .testTarget(
        name: "SidecarTests",
        dependencies: [
            "Sidecar", "Telemetry", "Core", "TestKit",
            .product(name: "Logging", package: "swift-log"),
        ], swiftSettings: house),
    .testTarget(
        name: "RuntimeTests",
        dependencies: [
            "Runtime", "Sidecar", "Ambassador", "HTTPAPI", "AppInvocation", "LogBroker", "Subscriptions", "TraceExport",
            "SQLiteEngine",
            "MemoryEngine", "BuildingBlocks", "Settings", "WireYAML", "Telemetry", "Proxying", "WireHTTP", "Core",
            "TestKit", nio,
            .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            .product(name: "Logging", package: "swift-log"),
        ], swiftSettings: house),
    .testTarget(
        name: "ProxyingTests",
        dependencies: [
            "Proxying", "WireHTTP", "WireProxyProtocol", "WireYAML", "Telemetry", "Settings", "Core", "TestKit", nio,
            .product(name: "NIOPosix", package: "swift-nio"),
            .product(name: "NIOHPACK", package: "swift-nio-http2"),
            .product(name: "NIOHTTP2", package: "swift-nio-http2"),
            .product(name: "NIOSSL", package: "swift-nio-ssl"),
            .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            .product(name: "Logging", package: "swift-log"),
        ],
        swiftSettings: house),
    .testTarget(name: "WireGRPCTests", dependencies: ["WireGRPC"], swiftSettings: house),
    .testTarget(name: "WireRESPTests", dependencies: ["WireRESP", "TestKit", nio], swiftSettings: house),
    .testTarget(name: "WireMemcachedTests", dependencies: ["WireMemcached", "TestKit", nio], swiftSettings: house),
    .testTarget(
        name: "AmbassadorTests",
        dependencies: [
            "Ambassador", "Proxying", "WireHTTP", "WireJSON", "WireProxyProtocol", "WireRESP", "WireMemcached",
            "Telemetry",
            "Settings", "Core", "TestKit", nio,
            .product(name: "NIOPosix", package: "swift-nio"),
            .product(name: "NIOEmbedded", package: "swift-nio"),
            .product(name: "NIOSSL", package: "swift-nio-ssl"),
            .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            .product(name: "Logging", package: "swift-log"),
        ],
        swiftSettings: house),
    .testTarget(
        name: "WireProxyProtocolTests", dependencies: ["WireProxyProtocol", "Core", "TestKit", nio],
        swiftSettings: house),
    .testTarget(
        name: "WireHTTPTests",
        dependencies: [
            "WireHTTP", "TestKit", nio,
            .product(name: "NIOEmbedded", package: "swift-nio"),
            .product(name: "NIOHTTP1", package: "swift-nio"),
        ],
        swiftSettings: house),
    .testTarget(name: "ArchitectureTests", dependencies: ["TestKit"], swiftSettings: house),
    .testTarget(name: "EndToEndTests", dependencies: ["TestKit", "Core", "WireJSON"], swiftSettings: house),
]

let package = Package(
    name: "outrigger",
    platforms: [.macOS(.v26)],
    products: [.executable(name: "outrigger", targets: ["outrigger"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/apple/swift-nio-http2", exact: "1.46.0"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
    ],
    targets: rooms + benchmarks + tests
)

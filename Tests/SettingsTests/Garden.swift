// SPDX-License-Identifier: Apache-2.0

import Core
import Settings
import WireYAML

/// A configuration with a setting of every kind.
struct Garden: Sendable, Equatable {
    enum Soil: String, Sendable, CaseIterable { case clay, sand }

    struct Pump: Sendable, Equatable {
        var interval = Duration.seconds(5)
        var listen = ListenAddress(host: "127.0.0.1", port: 80)

        static var settings: SettingGroup<Pump> {
            SettingGroup(
                "The pump.",
                [
                    .setting(
                        "interval", \.interval, .duration(in: .zero...(.seconds(60))), "The wait.", changes: .live,
                        flags: [.flag("interval-seconds", gives: \.interval, .seconds(), note: "Seconds.")]),
                    .setting(
                        "listen", \.listen, .listenAddress, "Where it listens.", .listened,
                        flags: [
                            .flag(
                                "pump-port", short: "H", part: "port", gives: \.listen.port, .listenedPort,
                                note: "Its port."),
                            .flag("pump-host", part: "host", gives: \.listen.host, .host, note: "Its host."),
                        ]),
                ])
        }
    }

    var name = "Eden"
    var owner: String?
    var trees = 3
    var isOpen = true
    var soil = Soil.clay
    var water = ByteCount.kibibytes(1)
    /// A secret with a default, which nothing should have, to see that no reference shows it.
    var key: String? = "271828"
    var shed: String?
    var paths: [String] = []
    var pump = Pump()

    static var settings: SettingGroup<Garden> {
        SettingGroup(
            "A garden.",
            [
                .setting("name", \.name, .text, "Its name.", environment: ["GARDEN"]),
                .setting("owner", optional: \.owner, .text, "Whose it is."),
                .setting(
                    "trees", \.trees, .integer(0...9), "How many trees.",
                    flags: [.flag("trees", "tree-count", short: "t")]),
                .setting("is-open", \.isOpen, .boolean, "Whether one may enter.", flags: [.flag("open")]),
                .setting("soil", \.soil, .choice(aliases: ["beach": .sand]), "The ground."),
                .setting("water", \.water, .byteCount(in: .kibibytes(1)...(.mebibytes(1))), "The tank."),
                .setting("key", optional: \.key, .integerText, "Opens the gate.", .secret),
                .setting("shed", optional: \.shed, .path, "The shed.", .path, flags: [.flag("shed")]),
                .setting(
                    "paths", list: \.paths, .path, "Ways | through it.", .path, flags: [.flag("path", short: "d")]),
                .group("pump", \.pump, Pump.settings),
            ])
    }

    static func loaded(
        yaml: [String] = [], file: String = "g.yaml", environment: [String: String] = [:], arguments: [String] = []
    ) throws -> Loaded<Garden> {
        var loader = SettingsLoader(settings, defaults: Garden())
        for text in yaml {
            for document in try YAML.documents(in: text.utf8, file: file) { loader.apply(document) }
        }
        loader.apply(environment: environment)
        loader.apply(try FlagParser(settings.flagForms).parse(arguments).flags)
        return try loader.finish()
    }

    /// The problems of a load, a line each.
    static func problems(
        yaml: String = "", environment: [String: String] = [:], arguments: [String] = []
    ) -> [String] {
        do {
            _ = try loaded(yaml: [yaml], environment: environment, arguments: arguments)
            return []
        } catch let problems as Problems {
            return problems.all.map(\.description)
        } catch {
            return ["\(error)"]
        }
    }
}

extension SettingType where Value == String {
    /// Digits, so that a wrong secret exists.
    fileprivate static var integerText: Self {
        SettingType(
            expectation: "digits", placeholder: "DIGITS", schema: .string(pattern: "^[0-9]+$"),
            parse: { Int($0) == nil ? nil : $0 }, text: { $0 })
    }
}

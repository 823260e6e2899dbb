// SPDX-License-Identifier: Apache-2.0

import Core
import Settings
import Testing
import WireYAML

@testable import Runtime

/// Goal: no file and no command line ends the process. Method: mutate ones that use every construct, and read each
/// mutant; what comes of it, values or problems, doesn't matter here.
struct ConfigurationFuzzTests {
    private static let file = """
        app: {id: cart, port: 8080, protocol: http, restart: {policy: always, backoff: 1m30s, limit: 3}, grace: 5s}
        api: {enabled: true, listen: "[::1]:3500", body-limit: 4MiB, token: abc}
        data: {path: ./data}
        resources: [./a, b]
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: {name: a, namespace: b}
        spec: {type: t, version: v1, initTimeout: 5s, metadata: [{name: x, value: 1}, {name: y, envRef: Z}]}
        scopes: [cart]
        """

    private static let arguments = [
        "-a", "x", "--app-port=8080", "-p8080", "--enable-mtls=false", "-H", "3500", "--restart", "always", "-Mx", "--",
    ]

    @Test func `no mutation of a file crashes the readers`() {
        var random = SystemRandomNumberGenerator()
        let alphabet = Array("{}[]:,-'\"~ \n\\ax0.é".utf8) + [0x00, 0xFF]
        for _ in 0..<5000 {
            var bytes = Array(Self.file.utf8)
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[index] = alphabet.randomElement(using: &random) ?? 0
                case 1: bytes.insert(alphabet.randomElement(using: &random) ?? 0, at: index)
                default: bytes.removeSubrange(index..<min(bytes.count, index + 3))
                }
            }
            guard let documents = try? YAML.documents(in: bytes, file: "f.yaml") else { continue }
            var loader = SettingsLoader(Configuration.settings, defaults: Configuration())
            var resources = ResourceLoader()
            for document in documents {
                loader.apply(document)
                resources.add(document)
            }
            let problems = loader.problems + resources.problems
            #expect(problems.allSatisfy { !$0.description.contains("\n") })
        }
    }

    @Test func `no mutation of a command line crashes the parser`() {
        var random = SystemRandomNumberGenerator()
        let parser = FlagParser(Invocation.flagForms)
        let pieces = ["-", "--", "=", "", "é", "-H", "--=", "-=", "--x=", "false", "\u{0}"]
        for _ in 0..<5000 {
            var arguments = Self.arguments.shuffled(using: &random)
            let index = Int.random(in: 0..<arguments.count, using: &random)
            arguments[index] = (pieces.randomElement(using: &random) ?? "") + arguments[index].dropFirst()
            var loader = SettingsLoader(Configuration.settings, defaults: Configuration())
            if let parsed = try? parser.parse(arguments) { loader.apply(parsed.flags) }
            #expect(loader.problems.allSatisfy { !$0.description.contains("\n") })
        }
    }
}

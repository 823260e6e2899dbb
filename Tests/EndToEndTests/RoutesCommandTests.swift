// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

extension EndToEnd {
    @Suite struct RoutesCommand {
        private static let routes = """
            everything: {match: {path: /}, split: {v1: 90, v2: 10}, mirror: {to: v2, compare: true}}
                    beta: {match: {path: /beta, header: {x-beta: "1"}}, to: v2}
            """

        @Test func `routes, shares, upstreams and health are shown, found through the data directory`() throws {
            let setting = try ProxySetting()
            _ = try setting.answers(10)
            let (exit, output, _) = try setting.run("routes", "--data-dir", setting.sidecar.folder.path("data"))
            #expect(exit == .status(0))
            let lines = output.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
            #expect(lines.first == "web: http on 127.0.0.1:\(setting.port), 0 clients, 0 requests in flight")
            #expect(lines.contains("everything / v1 90 90.0 % 90.0 % 9 0"), "\(output)")
            #expect(lines.contains("v2 10 10.0 % 10.0 % 1 0"), "\(output)")
            #expect(lines.contains { $0.hasPrefix("v1 127.0.0.1:") && $0.contains(" healthy 100.0 % ") }, "\(output)")
        }

        @Test func `JSON is an array with the answer of each process`() throws {
            let setting = try ProxySetting(routes: Self.routes)
            _ = try setting.answers(1)
            let admin = "127.0.0.1:\(setting.sidecar.admin.port)"
            let (exit, output, _) = try setting.run("routes", "--admin", admin, "--proxy", "web", "--json")
            #expect(exit == .status(0))
            let parsed = try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [[String: Any]]
            let proxy = try #require((parsed?.first?["proxies"] as? [[String: Any]])?.first)
            let routes = try #require(proxy["routes"] as? [[String: Any]])
            // In the order in which they are tried.
            #expect(routes.map { $0["name"] as? String } == ["beta", "everything"])
            #expect(routes.first?["match"] as? String == "/beta x-beta=1")
            #expect((routes.last?["mirror"] as? [String: Any])?["upstream"] as? String == "v2")
            #expect((proxy["upstreams"] as? [[String: Any]])?.map { $0["name"] as? String } == ["v1", "v2"])
        }

        @Test
        func `a split that is set counts at once, survives a reload that leaves it alone, and yields to the file`()
            throws
        {
            let setting = try ProxySetting()
            let admin = "127.0.0.1:\(setting.sidecar.admin.port)"
            let (exit, output, _) = try setting.run(
                "routes", "split", "web", "everything", "v1=0", "v2=1", "--admin", admin)
            #expect(exit == .status(0))
            #expect(output.contains("(set while running; configured: v1=90 v2=10)"), "\(output)")
            try setting.sidecar.waitUntil("the split") { try setting.answers(5) == Array(repeating: "v2", count: 5) }

            try setting.change(more: "timeouts: {idle: 7s}")
            try setting.sidecar.waitUntil("the reload") { try setting.reloads("applied") == 1 }
            #expect(try setting.answers(5).allSatisfy { $0 == "v2" })
            let (_, json, _) = try setting.run("routes", "--admin", admin, "--json")
            #expect(json.contains(#""configuredWeights":{"v1":90,"v2":10}"#), "\(json)")

            try setting.change(routes: "everything: {match: {path: /}, split: {v1: 1, v2: 0}}")
            try setting.sidecar.waitUntil("the file's split") { try setting.answers(5).allSatisfy { $0 == "v1" } }
            try setting.waitUntilSaid("http.split.returned")
            let (_, after, _) = try setting.run("routes", "--admin", admin)
            #expect(!after.contains("set while running"), "\(after)")
        }

        @Test func `a neighbour without a proxy is passed over`() throws {
            let setting = try ProxySetting()
            let cart = try Sidecar.alone(on: setting.sidecar.folder)
            let data = setting.sidecar.folder.path("data")
            for arguments in [[], ["--proxy", "web"]] {
                let (exit, output, errors) = try setting.run(["routes", "--data-dir", data] + arguments)
                #expect(exit == .status(0), "\(errors)")
                #expect(output.contains("\nweb: http on 127.0.0.1:") || output.hasPrefix("web: http on "), "\(output)")
                #expect(!output.contains("cart"))
            }
            let (exit, _, errors) = try setting.run(
                ["routes", "split", "web", "everything", "v1=0", "v2=1", "--data-dir", data])
            #expect(exit == .status(0), "\(errors)")
            try setting.sidecar.waitUntil("the split") { try setting.answers(5) == Array(repeating: "v2", count: 5) }

            let unknown = try setting.run(["routes", "--proxy", "wbe", "--data-dir", data])
            #expect(unknown.exit == .status(1))
            #expect(unknown.errors.contains("cart: There is no HTTP proxy \"wbe\"; there is: none."))
            #expect(unknown.errors.contains("shop: There is no HTTP proxy \"wbe\"; there is: web."))
            let admin = "127.0.0.1:\(cart.admin.port)"
            #expect(try setting.run(["routes", "--admin", admin]).output == "No HTTP proxy runs here.\n")
            #expect(try setting.run(["shards", "--data-dir", data]).output == "No pool runs here.\n")
        }

        @Test func `a split of a proxy that two processes have is refused`() throws {
            let setting = try ProxySetting()
            let second = try ProxySetting(on: setting.sidecar.folder)
            let (exit, output, errors) = try setting.run(
                ["routes", "split", "web", "everything", "v2=1", "--data-dir", setting.sidecar.folder.path("data")])
            #expect(exit == .status(1) && output.isEmpty)
            #expect(errors.contains("several processes have the proxy web; name the one to change by --admin"))
            #expect(errors.contains("127.0.0.1:\(second.sidecar.admin.port)"))
        }

        @Test func `comparisons of mirrored requests are shown`() throws {
            let setting = try ProxySetting(routes: Self.routes)
            let admin = "127.0.0.1:\(setting.sidecar.admin.port)"
            var output = ""
            try setting.sidecar.waitUntil("a comparison") {
                _ = try setting.answers(2)
                output = try setting.run("routes", "compare", "web", "everything", "--admin", admin).output
                return !output.hasPrefix("web everything: 0 compared")
            }
            #expect(output.hasPrefix("web everything: "))
            let (_, json, _) = try setting.run("routes", "compare", "--admin", admin, "--json")
            #expect(json.hasPrefix(#"[{"proxies":[{"name":"web","comparisons":[{"route":"everything","#), "\(json)")
        }

        @Test(arguments: [
            (["split", "web", "everything", "v3=1"], 1, "found \"v3\", which is no upstream; expected v1"),
            (["split", "web", "everything", "v1=0"], 1, "no upstream has a weight above 0"),
            (["split", "web", "nothing", "v1=1"], 1, "there is no route \"nothing\""),
            (["split", "web", "everything"], 64, "weight"),
            (["split", "web", "everything", "v1:1"], 64, "v1:1"),
            (["--proxy", "wbe"], 1, "There is no HTTP proxy \"wbe\"; there is: web."),
            (["compare", "web", "everything"], 1, "No route \"everything\" has a mirror that is compared."),
        ])
        func `what can't be done is said, with a status`(
            _ row: (arguments: [String], status: Int, text: String)
        ) throws {
            let setting = try ProxySetting()
            let (exit, process) = try Binary.run(
                ["routes"] + row.arguments + ["--admin", "127.0.0.1:\(setting.sidecar.admin.port)"],
                in: setting.sidecar.folder)
            #expect(exit == .status(row.status))
            #expect(process.standardError.contains(row.text), "\(process.output)")
            #expect(process.standardOutput.isEmpty)
        }
    }
}

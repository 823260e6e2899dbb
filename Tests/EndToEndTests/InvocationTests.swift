// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestKit
import Testing

extension EndToEnd {
    /// Two sidecars, each beside a small app, and what goes through both.
    @Suite struct Invocation {
        /// The app `cart`, which calls, beside the app `orders`, which is called.
        private struct Pair {
            let cart: Sidecar
            let orders: Sidecar

            init(
                _ ordersFlags: [String] = [], environment: [String: String] = [:],
                ordersEnvironment: [String: String] = [:]
            ) throws {
                cart = try Sidecar.alone(environment: environment)
                orders = try Sidecar.beside(
                    EchoApp(), appID: "orders", ordersFlags, on: cart.folder,
                    environment: environment.merging(ordersEnvironment) { $1 })
                try orders.waitUntilReady()
            }

            var path: String { "/v1.0/invoke/orders/method" }

            func call(_ path: String, headers: [String: String] = [:]) throws -> Answer {
                try cart.api.get(self.path + path, headers: headers)
            }
        }

        @Test func `methods, paths, queries, bodies, fields and statuses go through both`() throws {
            let pair = try Pair()
            for (method, status) in [("GET", 200), ("POST", 201), ("PUT", 202), ("DELETE", 409), ("PATCH", 502)] {
                let body = method == "GET" ? nil : "body of \(method)"
                let answer = try pair.cart.api.send(
                    method, "\(pair.path)/echo/a%20b/c?status=\(status)&d=e", headers: ["X-Ask": "q"], body: body)
                #expect(answer.status == status)
                #expect(answer.json["method"] as? String == method)
                #expect(answer.json["path"] as? String == "/echo/a%20b/c?status=\(status)&d=e")
                #expect(answer.json["body"] as? String == body ?? "")
                #expect((answer.json["fields"] as? [String: String])?["x-ask"] == "q")
                #expect(answer.headers["x-app"] == "echo")
            }
        }

        @Test func `the app can be named by a field and by credentials, and dots lead nowhere`() throws {
            let pair = try Pair()
            for fields in [["dapr-app-id": "orders"], ["Authorization": "Basic ZGFwci1hcHAtaWQ6b3JkZXJz"]] {
                let answer = try pair.cart.api.get("/echo/a?b", headers: fields)
                #expect(answer.status == 200 && answer.json["path"] as? String == "/echo/a?b")
                let seen = try #require(answer.json["fields"] as? [String: String])
                #expect(seen["dapr-app-id"] == nil && seen["authorization"] == nil)
            }
            #expect(try pair.call("/public/%2e%2e/echo/x").json["path"] as? String == "/echo/x")
            #expect(try pair.call("//echo//x").json["path"] as? String == "/echo/x")
            #expect(try pair.cart.api.get("/v1.0/invoke/orders/method/").status == 404)
            #expect(try pair.call("/%zz").status == 400)
        }

        @Test func `who calls can't be forged, and what is the connection's ends there`() throws {
            let pair = try Pair(ordersEnvironment: ["APP_API_TOKEN": "for-the-app"])
            let answer = try pair.call(
                "/echo",
                headers: [
                    "dapr-caller-app-id": "admin", "dapr-caller-namespace": "root", "dapr-callee-app-id": "x",
                    "dapr-api-token": "guess", "Keep-Alive": "9", "Upgrade": "x", "TE": "trailers",
                ])
            let seen = try #require(answer.json["fields"] as? [String: String])
            #expect(seen["dapr-caller-app-id"] == "cart" && seen["dapr-caller-namespace"] == "default")
            #expect(seen["dapr-callee-app-id"] == "orders" && seen["dapr-api-token"] == "for-the-app")
            for name in ["keep-alive", "upgrade", "te", "outrigger-secret", "connection"] { #expect(seen[name] == nil) }
            #expect(answer.headers["x-hop"] == nil && answer.headers["keep-alive"] == nil)
        }

        @Test func `the API's token is needed, and the internal listener is for sidecars`() throws {
            let pair = try Pair(environment: ["DAPR_API_TOKEN": "token"])
            #expect(try pair.call("/echo").status == 401)
            let answer = try pair.call("/echo", headers: ["dapr-api-token": "token"])
            #expect(answer.status == 200)
            #expect((answer.json["fields"] as? [String: String])?["dapr-api-token"] == nil)
            let known = [pair.orders.api.port, pair.orders.grpc.port, pair.orders.admin.port]
            var listeners: Set<Int> = []
            try pair.orders.waitUntil("the kernel lists all of its listeners") {
                let ports = ports(of: pair.orders.process.processID)
                listeners = ports.subtracting(known)
                return ports.count > known.count
            }
            let internalPort = try #require(listeners.first)
            let stranger = try Endpoint(port: internalPort).get("/echo", headers: ["outrigger-secret": "guess"])
            #expect(listeners.count == 1 && stranger.status == 401)
        }

        @Test func `an access control of the callee is asked before its app`() throws {
            let rules = """
                apiVersion: dapr.io/v1alpha1
                kind: Configuration
                metadata: {name: rules}
                spec:
                  accessControl:
                    defaultAction: deny
                    policies:
                    - appId: cart
                      trustDomain: public
                      namespace: default
                      defaultAction: deny
                      operations: [{name: /echo/open, httpVerb: [GET], action: allow}]
                """
            let folder = try TemporaryFolder()
            let pair = try Pair(["--config", try folder.write(rules, to: "rules.yaml")])
            #expect(try pair.call("/echo/open/a").status == 200)
            for path in ["/echo", "/echo/open/%2e%2e/shut", "/echo/open%2F..%2Fshut", "/echo/open/..;/shut"] {
                let answer = try pair.call(path)
                #expect(answer.status == 403 && answer.errorCode == "ERR_DIRECT_INVOKE")
            }
            let post = try pair.cart.api.post("\(pair.path)/echo/open", "{}")
            #expect(post.status == 403)
            let metrics = try pair.orders.admin.get("/metrics").body
            #expect(metrics.contains("outrigger_invocations_denied_total 5"))
            #expect(pair.orders.process.output.contains("An app was denied a call"))
        }

        @Test func `events arrive one by one while they are made`() throws {
            let pair = try Pair()
            let connection = try Connection(port: pair.cart.api.port)
            connection.write("GET \(pair.path)/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n")
            // The app makes an event only when it is told that the one before has arrived.
            for number in 0..<5 {
                try connection.read(until: "data: \(number)\n\n")
                _ = try pair.orders.app.get("/go")
            }
            try connection.read(until: "0\r\n\r\n")
        }

        @Test func `bodies in chunks go through both ways while they are made`() throws {
            let pair = try Pair()
            let connection = try Connection(port: pair.cart.api.port)
            connection.write("POST \(pair.path)/pingpong HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
            for text in ["one", "two", "six"] {
                connection.write("3\r\n\(text)\r\n")
                try connection.read(until: "got \(text)")
            }
            connection.write("0\r\n\r\n")
            try connection.read(until: "0\r\n\r\n")
        }

        @Test func `large bodies go through both sidecars without staying in either`() throws {
            let pair = try Pair()
            let size = 256 << 20
            _ = try pair.call("/zeros?size=1000000")
            let before = [pair.cart, pair.orders].map { residentMemory($0.process.processID, peak: true) }
            let down = try curl(
                ["-o", "/dev/null", "-w", "%{http_code} %{size_download}"], pair, "/zeros?size=\(size)")
            #expect(down == "200 \(size)")
            let up = try curl(["-X", "POST", "-H", "Expect:", "-T", "-"], pair, "/count", input: size)
            #expect(up == "\(size)")
            for (sidecar, before) in zip([pair.cart, pair.orders], before) {
                let grown = residentMemory(sidecar.process.processID, peak: true) - before
                #expect(grown < 24 << 20, "\(grown >> 20) MiB")
            }
        }

        @Test func `an app that isn't there is 500, and one that comes is found`() throws {
            let cart = try Sidecar.alone()
            let answer = try cart.api.get("/v1.0/invoke/orders/method/echo")
            #expect(answer.status == 500 && answer.errorCode == "ERR_DIRECT_INVOKE")
            #expect((answer.json["message"] as? String)?.hasPrefix("failed to invoke, id: orders, err: ") == true)
            let orders = try Sidecar.beside(EchoApp(), appID: "orders", [], on: cart.folder)
            try orders.waitUntilReady()
            #expect(try cart.api.get("/v1.0/invoke/orders/method/echo").status == 200)
            try orders.crash()
            let gone = try cart.api.get("/v1.0/invoke/orders/method/echo")
            #expect(gone.status == 500 && gone.errorCode == "ERR_DIRECT_INVOKE")
        }

        @Test func `a callee that is killed within its answer never looks finished`() throws {
            for path in ["/slow", "/slow?length=1000000"] {
                let pair = try Pair()
                let connection = try Connection(port: pair.cart.api.port)
                connection.write("GET \(pair.path)\(path) HTTP/1.1\r\nHost: x\r\n\r\n")
                try connection.read(until: "begin")
                try pair.orders.crash()
                let rest = connection.readToEnd()
                #expect(!rest.contains("0\r\n\r\n") && !rest.contains("end"))
            }
        }

        @Test(arguments: [true, false])
        func `a sidecar that is stopped finishes the call in flight, on either side`(isCallee: Bool) throws {
            let pair = try Pair()
            let stopped = isCallee ? pair.orders : pair.cart
            let connection = try Connection(port: pair.cart.api.port)
            connection.write("GET \(pair.path)/slow?seconds=1 HTTP/1.1\r\nHost: x\r\n\r\n")
            try connection.read(until: "begin")
            stopped.process.send(SIGTERM)
            try connection.read(until: "end\r\n0\r\n\r\n")
            #expect(try stopped.process.waitForExit() == .status(0))
        }

        @Test func `an app that turns unhealthy isn't called, and is again when it is well`() throws {
            let pair = try Pair([
                "--enable-app-health-check", "--app-health-check-path", "/health", "--app-health-probe-interval", "1",
                "--app-health-probe-timeout", "400", "--app-health-threshold", "1",
            ])
            try pair.orders.waitUntil("the app is called") { try pair.call("/echo").status == 200 }
            for _ in 0..<2 {
                _ = try pair.orders.app.get("/set?health=500")
                try pair.orders.waitUntil("the app isn't called") {
                    let answer = try pair.call("/echo")
                    return answer.status == 500 && answer.body.contains("app is not in a healthy state")
                }
                _ = try pair.orders.app.get("/set?health=200")
                try pair.orders.waitUntil("the app is called again") { try pair.call("/echo").status == 200 }
            }
        }

        @Test func `no more calls run at once than the app takes`() throws {
            let pair = try Pair(["--app-max-concurrency", "3"])
            let connections = try (0..<12).map { _ in
                let connection = try Connection(port: pair.cart.api.port)
                connection.write("GET \(pair.path)/busy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                return connection
            }
            let most = try connections.map { Int(try $0.readAnswer().body) ?? 0 }.max()
            #expect(most == 3)
        }

        @Test func `instances share the calls, and namespaces don't meet`() throws {
            let pair = try Pair()
            let second = try Sidecar.beside(EchoApp(), appID: "orders", [], on: pair.cart.folder)
            try second.waitUntilReady()
            let other = try Sidecar.beside(
                EchoApp(), appID: "orders", [], on: pair.cart.folder, environment: ["NAMESPACE": "other"])
            try other.waitUntilReady()
            // What was found before holds for a second.
            usleep(1_100_000)
            var seen: [Int: Int] = [:]
            for _ in 0..<20 { seen[try pair.call("/echo").json["pid"] as? Int ?? 0, default: 0] += 1 }
            #expect(seen.count == 2 && seen.values.allSatisfy { $0 == 10 })
            let elsewhere = try pair.cart.api.get("/v1.0/invoke/orders.other/method/echo").json["pid"] as? Int ?? 0
            #expect(elsewhere != 0 && seen[elsewhere] == nil)
            #expect(try pair.cart.api.get("/v1.0/invoke/orders.nowhere/method/echo").status == 500)
            try second.crash()
            for _ in 0..<10 { #expect(try pair.call("/echo").status == 200) }
        }

        @Test func `invocations are measured`() throws {
            let pair = try Pair()
            for status in [200, 204, 307, 404, 503] { _ = try pair.call("/echo?status=\(status)") }
            _ = try pair.cart.api.get("/v1.0/invoke/nobody/method/echo")
            let (out, incoming) = (try pair.cart.admin.get("/metrics").body, try pair.orders.admin.get("/metrics").body)
            for (result, count) in [("2xx", 2), ("3xx", 1), ("4xx", 1), ("5xx", 1)] {
                #expect(out.contains(#"outrigger_invocations_total{direction="out",result="\#(result)"} \#(count)"#))
                #expect(
                    incoming.contains(#"outrigger_invocations_total{direction="in",result="\#(result)"} \#(count)"#))
            }
            #expect(out.contains(#"outrigger_invocations_total{direction="out",result="failed"} 1"#))
            #expect(out.contains(#"outrigger_invocations_in_flight{direction="out"} 0"#))
            #expect(incoming.contains(#"outrigger_invocation_seconds_count{direction="in"} 5"#))
        }

        /// What curl prints when it calls the app with `arguments`, and sends `input` zero bytes if that isn't 0.
        private func curl(_ arguments: [String], _ pair: Pair, _ path: String, input: Int = 0) throws -> String {
            let url = "http://127.0.0.1:\(pair.cart.api.port)\(pair.path)\(path)"
            let command = (["curl", "-s"] + arguments + [url]).map { "'\($0)'" }.joined(separator: " ")
            let process = try ChildProcess(
                ["sh", "-c", input == 0 ? command : "head -c \(input) /dev/zero | \(command)"],
                environment: Binary.environment(home: pair.cart.folder.path), workingDirectory: pair.cart.folder.path)
            #expect(try process.waitForExit(upTo: .seconds(60)) == .status(0))
            return process.standardOutput
        }
    }
}

extension Sidecar {
    /// A sidecar beside the app that shows what it was asked; returns at once.
    fileprivate static func beside(
        _ app: EchoApp, appID: String, _ flags: [String], on folder: TemporaryFolder,
        environment: [String: String] = [:]
    ) throws -> Sidecar {
        try Sidecar(
            Plan(
                appID: appID, flags: flags, environment: environment, command: app.command, hasAppPort: true,
                folder: folder))
    }
}

/// The most resident memory that a process ever had, or what it has now.
func residentMemory(_ process: Int32, peak: Bool) -> Int {
    let status = FileManager.default.contents(atPath: "/proc/\(process)/status").map {
        String(decoding: $0, as: UTF8.self)
    }
    let line = status?.split(separator: "\n").first { $0.hasPrefix(peak ? "VmHWM:" : "VmRSS:") }
    return (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) << 10
}

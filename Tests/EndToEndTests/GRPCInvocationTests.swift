// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestKit
import Testing

extension EndToEnd {
    /// Two sidecars, one beside a gRPC app, and what gRPC's own library sees of it through both.
    @Suite struct GRPCInvocation {
        private struct Pair {
            let cart: Sidecar
            let orders: Sidecar

            init(
                _ ordersFlags: [String] = [], environment: [String: String] = [:],
                ordersEnvironment: [String: String] = [:]
            ) throws {
                cart = try Sidecar.alone(environment: environment)
                orders = try Sidecar(
                    Sidecar.Plan(
                        appID: "orders", flags: ["-P", "grpc"] + ordersFlags,
                        environment: environment.merging(ordersEnvironment) { $1 }, command: GRPCApp().command,
                        hasAppPort: true, folder: cart.folder))
                try orders.waitUntilReady()
            }

            func run(
                appID: String? = "orders", metadata: [(String, String)] = [], upTo limit: Duration = patience,
                _ steps: String
            ) throws -> [Any] {
                try GRPCClient.run(
                    port: cart.grpc.port, appID: appID, metadata: metadata, upTo: limit, steps)
            }
        }

        @Test func `an answer that comes before the request is over ends the call`() throws {
            let pair = try Pair()
            let said = try pair.run(
                """
                upload = (b"x" * 100000 for _ in range(50))
                say(stub("stream_unary", "early")(upload, metadata=metadata, timeout=9).decode())
                """)
            #expect(said.first as? String == "enough")
        }

        @Test func `all four kinds of calls go through, with metadata and trailers`() throws {
            let pair = try Pair()
            let said = try pair.run(
                """
                answer, info = stub("unary_unary", "echo").with_call(b"hello", metadata=metadata, timeout=9)
                say(json.loads(answer))
                say([dict(info.initial_metadata()).get("x-head"), dict(info.trailing_metadata()).get("x-trailer")])
                say([len(part) for part in stub("unary_stream", "count")(b"5 1000 0", metadata=metadata)])
                say(stub("stream_unary", "collect")((b"x" * 1000 for _ in range(7)), metadata=metadata).decode())
                say([part.decode() for part in stub("stream_stream", "chat")(iter([b"a", b"b"]), metadata=metadata)])
                say(call("fail"))
                """)
            let echo = try #require(said[0] as? [String: Any])
            #expect(echo["body"] as? String == "hello")
            let fields = try #require(echo["fields"] as? [String: String])
            #expect(fields["dapr-caller-app-id"] == "cart" && fields["dapr-callee-app-id"] == "orders")
            #expect(fields["dapr-app-id"] == nil && fields["outrigger-secret"] == nil)
            #expect((1...9).contains(try #require(echo["left"] as? Double)))
            #expect(said[1] as? [String] == ["1", "2"])
            #expect(said[2] as? [Int] == [1000, 1000, 1000, 1000, 1000])
            #expect(said[3] as? String == "7000")
            #expect(said[4] as? [String] == ["echo a", "echo b"])
            #expect(said[5] as? [String: String] == ["code": "NOT_FOUND", "message": "no such ört: 100 %"])
        }

        @Test func `a stream's parts arrive when they are sent, and its end when it is cancelled`() throws {
            let pair = try Pair()
            let said = try pair.run(
                """
                asked, heard = [b"1", b"2", b"3"], []
                def questions():
                    for text in asked:
                        while len(heard) < int(text) - 1:
                            time.sleep(0.01)
                        yield text
                for part in stub("stream_stream", "chat")(questions(), metadata=metadata):
                    heard.append(part.decode())
                say(heard)
                running = stub("unary_unary", "hang").future(b"", metadata=metadata)
                while json.loads(call("seen")["body"]) != ["hanging"]:
                    time.sleep(0.01)
                running.cancel()
                while json.loads(call("seen")["body"]) != ["hanging", "cancelled"]:
                    time.sleep(0.01)
                begin = time.time()
                say(call("hang", timeout=0.5)["code"])
                say(time.time() - begin < 5)
                while json.loads(call("seen")["body"]).count("cancelled") != 2:
                    time.sleep(0.01)
                """)
            #expect(said[0] as? [String] == ["echo 1", "echo 2", "echo 3"])
            #expect(said[1] as? String == "DEADLINE_EXCEEDED" && said[2] as? Bool == true)
        }

        @Test func `what can't be called is said in gRPC's words`() throws {
            let pair = try Pair(environment: ["DAPR_API_TOKEN": "token"], ordersEnvironment: ["APP_API_TOKEN": "own"])
            #expect(try pair.run("say(call('echo')['code'])")[0] as? String == "UNAUTHENTICATED")
            let token = [("dapr-api-token", "token")]
            let echo = try pair.run(metadata: token, "say(json.loads(call('echo')['body'])['fields'])")
            #expect((echo[0] as? [String: String])?["dapr-api-token"] == "own")
            let none = try pair.run(appID: nil, metadata: token, "say(call('echo')['code'])")
            #expect(none[0] as? String == "UNIMPLEMENTED")
            let missing = try pair.run(metadata: token, "say(call('missing')['code'])")
            #expect(missing[0] as? String == "UNIMPLEMENTED")
            let nobody = try pair.run(appID: "nobody", metadata: token, "say(call('echo'))")
            #expect(
                nobody[0] as? [String: String] == [
                    "code": "UNAVAILABLE",
                    "message": "failed to invoke, id: nobody, err: no app with this id runs in the namespace default",
                ])
            let itself = try pair.run(appID: "cart", metadata: token, "say(call('echo')['code'])")
            #expect(itself[0] as? String == "UNIMPLEMENTED")
            #expect(try pair.cart.grpc.get("/").status == 400)
            let answer = try pair.cart.api.get(
                "/v1.0/invoke/orders/method/x", headers: ["dapr-api-token": "token"])
            #expect(answer.status == 500 && answer.body.contains("the app speaks gRPC"))
        }

        @Test func `a sidecar calls its own app, and one of another namespace by its full name`() throws {
            let pair = try Pair(ordersEnvironment: ["NAMESPACE": "shop"])
            let script = "say(json.loads(call('echo')['body'])['fields']['dapr-caller-app-id'])"
            #expect(try pair.run(appID: "orders.shop", script)[0] as? String == "cart")
            let own = try GRPCClient.run(port: pair.orders.grpc.port, script)
            #expect(own[0] as? String == "orders")
        }

        @Test func `an app or a sidecar that is killed ends the calls that were with it`() throws {
            let pair = try Pair(["--restart", "always"])
            let said = try pair.run(
                """
                import os, signal
                pid = json.loads(call("echo")["body"])["pid"]
                parts = stub("unary_stream", "count")(b"1000 10 0.01", metadata=metadata)
                next(parts)
                os.kill(pid, signal.SIGKILL)
                say(result(lambda: b"".join(parts)))
                begin = time.time()
                while "body" not in call("echo"):
                    time.sleep(0.01)
                say(time.time() - begin)
                """)
            let broken = try #require(said[0] as? [String: String])
            #expect(broken["code"] == "UNAVAILABLE" && broken["message"]?.contains("broke off") == true)
            let killed = try pair.run(
                """
                import os, signal
                parts = stub("unary_stream", "count")(b"1000 10 0.01", metadata=metadata)
                next(parts)
                os.kill(\(pair.orders.process.processID), signal.SIGKILL)
                say(result(lambda: b"".join(parts)))
                """)
            #expect((killed[0] as? [String: String])?["code"] == "UNAVAILABLE")
        }

        @Test func `a call that is under way at the end finishes, and a new one is told to go elsewhere`() throws {
            let pair = try Pair()
            let said = try pair.run(
                """
                import os, signal
                parts = stub("unary_stream", "count")(b"10 10 0.1", metadata=metadata)
                next(parts)
                os.kill(\(pair.orders.process.processID), signal.SIGTERM)
                time.sleep(0.2)
                say(call("echo"))
                say(result(lambda: b"".join(parts)))
                """)
            #expect((said[0] as? [String: String])?["message"]?.contains("the sidecar is shutting down") == true)
            #expect((said[1] as? [String: String])?["body"]?.count == 90)
        }

        @Test func `100 MiB go through both ways, and whoever reads slowly slows the sender down`() throws {
            let pair = try Pair()
            _ = try pair.run("say(call('echo'))")
            let sidecars = [pair.cart, pair.orders]
            let before = sidecars.map { residentMemory($0.process.processID, peak: false) }
            let said = try pair.run(
                upTo: .seconds(90),
                """
                size = 1 << 20
                say(sum(len(part) for part in stub("unary_stream", "count")(b"100 1048576 0", metadata=metadata)))
                say(stub("stream_unary", "collect")((b"x" * size for _ in range(100)), metadata=metadata).decode())
                sent = []
                def parts():
                    for index in range(40):
                        sent.append(index)
                        yield b"x" * 262144
                running = stub("stream_unary", "slow").future(parts(), metadata=metadata)
                time.sleep(0.5)
                say(len(sent))
                say(running.result().decode())
                """)
            #expect(said[0] as? Int == 100 << 20)
            #expect(said[1] as? String == "\(100 << 20)")
            #expect(try #require(said[2] as? Int) < 40)
            #expect(said[3] as? String == "\(10 << 20)")
            for (sidecar, before) in zip(sidecars, before) {
                #expect(residentMemory(sidecar.process.processID, peak: false) - before < 24 << 20)
            }
        }

        @Test func `calls are counted on both sides`() throws {
            let pair = try Pair()
            _ = try pair.run("call('echo'), call('fail')")
            _ = try pair.run(appID: "nobody", "call('echo')")
            let out = try pair.cart.admin.get("/metrics").body
            let incoming = try pair.orders.admin.get("/metrics").body
            for code in ["OK", "NOT_FOUND"] {
                #expect(out.contains(#"outrigger_grpc_invocations_total{direction="out",code="\#(code)"} 1"#))
                #expect(incoming.contains(#"outrigger_grpc_invocations_total{direction="in",code="\#(code)"} 1"#))
            }
            #expect(out.contains(#"outrigger_grpc_invocations_total{direction="out",code="UNAVAILABLE"} 1"#))
            #expect(out.contains(#"outrigger_grpc_invocations_in_flight{direction="out"} 0"#))
        }
    }
}

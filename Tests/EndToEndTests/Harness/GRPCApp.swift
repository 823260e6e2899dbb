// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A small gRPC app in Python, by gRPC's own library, whose messages are plain bytes.
struct GRPCApp {
    var command: [String] { [GRPCApp.python, "-c", Self.script] }

    /// Debian's own, which has its package python3-grpcio, or another that the environment names.
    static let python = ProcessInfo.processInfo.environment["OUTRIGGER_TEST_PYTHON"] ?? "/usr/bin/python3"

    private static let script = """
        import concurrent.futures, grpc, json, os, sys, threading, time

        events = []

        def echo(request, context):
            fields = {name: value for name, value in context.invocation_metadata() if isinstance(value, str)}
            context.send_initial_metadata((("x-head", "1"),))
            context.set_trailing_metadata((("x-trailer", "2"),))
            answer = {"body": request.decode(), "fields": fields, "pid": os.getpid(),
                      "left": context.time_remaining()}
            return json.dumps(answer).encode()

        def fail(request, context):
            context.abort(grpc.StatusCode.NOT_FOUND, "no such ört: 100 %")

        def count(request, context):
            number, size, pause = (float(word) for word in request.split())
            for index in range(int(number)):
                time.sleep(pause)
                yield b"x" * int(size)

        def collect(requests, context):
            return str(sum(len(request) for request in requests)).encode()

        def slow(requests, context):
            total = 0
            for request in requests:
                total += len(request)
                time.sleep(0.05)
            return str(total).encode()

        def chat(requests, context):
            for request in requests:
                yield b"echo " + request

        def early(requests, context):
            next(requests)
            return b"enough"

        def hang(request, context):
            done = threading.Event()
            context.add_callback(lambda: (events.append("cancelled"), done.set()))
            events.append("hanging")
            done.wait(60)
            return b""

        def seen(request, context):
            return json.dumps(events).encode()

        kinds = {"echo": grpc.unary_unary_rpc_method_handler, "fail": grpc.unary_unary_rpc_method_handler,
                 "hang": grpc.unary_unary_rpc_method_handler, "seen": grpc.unary_unary_rpc_method_handler,
                 "count": grpc.unary_stream_rpc_method_handler, "collect": grpc.stream_unary_rpc_method_handler,
                 "slow": grpc.stream_unary_rpc_method_handler, "early": grpc.stream_unary_rpc_method_handler,
                 "chat": grpc.stream_stream_rpc_method_handler}
        server = grpc.server(concurrent.futures.ThreadPoolExecutor(64))
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(
            "test.App", {name: kind(globals()[name]) for name, kind in kinds.items()}),))
        server.add_insecure_port("127.0.0.1:" + os.environ["APP_PORT"])
        server.start()
        print("serving", flush=True)
        server.wait_for_termination()
        """
}

/// What a Python client sees of calls on a gRPC port; each step prints one line of JSON.
enum GRPCClient {
    /// Runs `steps` with `channel`, `metadata` and these names: `call(method, body)`, a unary call; `result(call)`, how
    /// it ended; `stub(kind, method)`, any method; `say(value)`.
    static func run(
        port: Int, appID: String? = "orders", metadata: [(String, String)] = [], upTo limit: Duration = patience,
        _ steps: String
    ) throws -> [Any] {
        let folder = try TemporaryFolder()
        let fields = (appID.map { [("dapr-app-id", $0)] } ?? []) + metadata
        let listed = fields.map { "(\"\($0.0)\", \"\($0.1)\")" }.joined(separator: ", ")
        let script = prelude.replacingOccurrences(of: "PORT", with: "\(port)")
            .replacingOccurrences(of: "METADATA", with: listed)
        try folder.write(script + "\n" + steps + "\n", to: "client.py")
        let process = try ChildProcess(
            [GRPCApp.python, folder.path("client.py")], environment: Binary.environment(home: folder.path),
            workingDirectory: folder.path)
        let exit = try process.waitForExit(upTo: limit)
        guard exit == .status(0) else { throw WaitedTooLong(description: "the client: \(exit)\n\(process.output)") }
        return try process.standardOutput.split(separator: "\n").map {
            try JSONSerialization.jsonObject(with: Data($0.utf8), options: .fragmentsAllowed)
        }
    }

    private static let prelude = """
        import grpc, json, threading, time

        channel = grpc.insecure_channel("127.0.0.1:PORT", [("grpc.enable_http_proxy", 0),
                                                            ("grpc.max_receive_message_length", -1)])
        metadata = [METADATA]

        def say(value):
            print(json.dumps(value), flush=True)

        def stub(kind, method):
            return getattr(channel, kind)("/test.App/" + method)

        def result(call):
            try:
                answer = call()
                return {"body": answer.decode()}
            except grpc.RpcError as error:
                return {"code": error.code().name, "message": error.details()}

        def call(method, body=b"", **more):
            return result(lambda: stub("unary_unary", method)(body, metadata=metadata, **more))
        """
}

// SPDX-License-Identifier: Apache-2.0

import Core
import HTTPAPI
import Logging
import Runtime
import Settings
import Sidecar
import Telemetry
import Testing

struct ConfigurationInvocationTests {
    @Test func `no two settings share a name`() {
        #expect(Configuration.settings.collisions.isEmpty)
    }

    @Test func `a command needs nothing but an app id`() throws {
        let invocation = try ConfigurationFolder().invocation(
            "-a", "cart", "-p", "8080", "--", "python3", "cart.py", "-p")
        var expected = Configuration()
        expected.app.id = "cart"
        expected.app.port = 8080
        #expect(invocation.loaded.configuration == expected)
        #expect(invocation.command == ["python3", "cart.py", "-p"])
        #expect(invocation.resources.isEmpty)
        #expect(invocation.notes.isEmpty)
    }

    @Test func `a file sets the app, the listeners, the data folder and the resources`() throws {
        let folder = try ConfigurationFolder([
            "outrigger.yaml": """
            app: {id: cart, port: 8080, protocol: http}     # app.id is optional unless the API is enabled
            api: {enabled: true, listen: 127.0.0.1:3500}
            admin: {listen: 127.0.0.1:9090}
            data: {path: ./data}
            resources: [./resources]
            """,
            "resources/none.txt": "",
        ])
        let invocation = try folder.invocation("--config", "@/outrigger.yaml")
        let configuration = invocation.loaded.configuration
        #expect(configuration.app.id == "cart")
        #expect(configuration.app.port == 8080)
        #expect(configuration.data.path == folder.path + "/data")
        #expect(configuration.resources == [folder.path + "/resources"])
        #expect(invocation.loaded.isGiven("api.listen.port"))
        #expect(invocation.command.isEmpty)
    }

    @Test func `every key of the file loads`() throws {
        let folder = try ConfigurationFolder([
            "o.yaml": """
            app:
              id: a
              namespace: n
              address: ::1
              output: prefixed
              restart: {policy: on-failure, backoff: 1s, backoff-max: 2s, limit: 3, stable-after: 4s}
              grace: 1m
            api: {public-listen: "0.0.0.0:3501", body-limit: 1MiB, token: t, log-calls: true}
            admin: {enabled: false}
            log: {level: warn, format: json}
            """
        ])
        let configuration = try folder.invocation("-c", "@/o.yaml").loaded.configuration
        var expected = Configuration()
        expected.app.id = "a"
        expected.app.namespace = "n"
        expected.app.address = "::1"
        expected.app.output = .prefixed
        expected.app.restart.policy = .onFailure
        expected.app.restart.backoff = .seconds(1)
        expected.app.restart.backoffMax = .seconds(2)
        expected.app.restart.limit = 3
        expected.app.restart.stableAfter = .seconds(4)
        expected.app.grace = .seconds(60)
        expected.api.publicListen = ListenAddress(host: "0.0.0.0", port: 3501)
        expected.api.bodyLimit = .mebibytes(1)
        expected.api.token = "t"
        expected.api.logCalls = true
        expected.admin.enabled = false
        expected.log.level = .warning
        expected.log.format = .json
        #expect(configuration == expected)
    }

    @Test func `later files win, key by key, and Dapr documents among them are told apart`() throws {
        let folder = try ConfigurationFolder([
            "a.yaml":
                "app: {id: a, port: 1}\n---\napiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata: {name: c}\n",
            "b.yaml": "app: {port: 2}\n---\n",
        ])
        let invocation = try folder.invocation("-c", "@/a.yaml", "--config=@/b.yaml")
        #expect(invocation.loaded.configuration.app.id == "a")
        #expect(invocation.loaded.configuration.app.port == 2)
        #expect(invocation.resources.map(\.header.name) == ["c"])
        #expect(
            invocation.notes.first?.contains("found Configuration, which Outrigger reads but doesn't use yet") == true)
    }

    @Test func `Dapr's variables of the environment are read`() throws {
        let environment = ["NAMESPACE": "shop", "DAPR_API_TOKEN": "secret", "OUTRIGGER_APP_ID": "cart"]
        let configuration = try ConfigurationFolder().invocation(environment: environment).loaded.configuration
        #expect(configuration.app.namespace == "shop")
        #expect(configuration.api.token == "secret")
        #expect(configuration.app.id == "cart")
    }

    @Test func `a Service's address that Kubernetes puts under a setting's name is a warning`() throws {
        let invocation = try ConfigurationFolder().invocation(
            "-a", "x", environment: ["OUTRIGGER_APP_PORT": "tcp://10.0.0.1:80"])
        #expect(invocation.loaded.configuration.app.port == nil)
        #expect(
            invocation.notes == [
                "warning: environment OUTRIGGER_APP_PORT: app.port: found a Service's address; it is left out"
            ])
    }

    @Test("flags that end the command line early", arguments: ["--help", "-h", "--version", "--build-info"])
    func early(flag: String) throws {
        switch try Invocation.request(arguments: [flag], environment: [:]) {
        case .help: #expect(flag.hasSuffix("h") || flag == "--help")
        case .version: #expect(["--version", "--build-info"].contains(flag))
        case .run: Issue.record("\(flag) started something")
        }
    }

    @Test func `a flag after two dashes belongs to the app`() throws {
        #expect(try ConfigurationFolder().invocation("-a", "x", "--", "a", "--help").command == ["a", "--help"])
    }

    @Test func `the summary names what would start`() throws {
        let summary = try ConfigurationFolder().invocation("-a", "x", "--enable-metrics=false").summary
        #expect(
            summary.hasPrefix(
                """
                OK
                app        x, namespace default
                api        127.0.0.1:3500
                grpc       127.0.0.1:50001
                admin      off

                """))
        #expect(summary.hasSuffix("topics     those that the app asks for"))
        let document = """
            apiVersion: dapr.io/v1alpha1
            kind: Subscription
            metadata: {name: orders}
            spec: {pubsubname: pubsub, topic: orders, route: /orders}
            """
        let folder = try ConfigurationFolder(["resources/orders.yaml": document])
        let declared = try folder.invocation("-a", "x", "-d", "@/resources").summary
        #expect(declared.hasSuffix("topics     orders of pubsub"))
    }
}

struct ConfigurationProblemTests {
    @Test func `the health of an app that speaks gRPC can't be asked for`() throws {
        let (lines, status) = try ConfigurationFolder().problems("-a", "x", "-P", "grpc", "--enable-app-health-check")
        #expect(
            lines == [
                "flag --enable-app-health-check: app.health.enabled: found true, expected false "
                    + "because app.protocol is grpc, and health is asked for over HTTP"
            ])
        #expect(status == 64)
    }

    @Test func `an API without an app id is refused`() throws {
        let folder = try ConfigurationFolder(["o.yaml": "api:\n  enabled: true\n"])
        #expect(
            folder.problems("-c", "@/o.yaml") == (
                [
                    "@/o.yaml:2: app.id: found nothing, expected a name (-a NAME, OUTRIGGER_APP_ID) "
                        + "because api.enabled is true"
                ], 78
            ))
        #expect(folder.problems().exitStatus == 78)
        #expect(folder.problems("--enable-api=false") == ([], 0))
    }

    @Test("an app id that keys or paths can't hold is refused", arguments: ["a||b", "a b", "a/b", "", "é", "a\n"])
    func appID(id: String) throws {
        let (lines, status) = try ConfigurationFolder().problems("--app-id", id)
        #expect(lines.count == 1)
        #expect(lines.first?.hasPrefix("flag --app-id: app.id: found ") == true)
        #expect(status == 64)
    }

    @Test("another protocol of Dapr is refused with what exists", arguments: ["https", "grpcs", "h2c"])
    func protocols(name: String) throws {
        #expect(
            try ConfigurationFolder().problems("-a", "x", "-P", name) == (
                [
                    "flag -P: app.protocol: found \"\(name)\", expected http or grpc, "
                        + "as Outrigger speaks no other protocol with the app yet"
                ],
                64
            ))
    }

    @Test func `a file that is not there is named`() throws {
        #expect(
            try ConfigurationFolder().problems("-a", "x", "-c", "@/none.yaml", "-d", "@/none") == (
                [
                    "flag -c: found \"@/none.yaml\", expected a file that can be read: No such file or directory",
                    "flag -d: resources: found \"@/none\", expected a file that can be read: No such file or directory",
                ], 64
            ))
    }

    @Test func `a folder in place of a configuration file is named`() throws {
        let lines = try ConfigurationFolder().problems("-a", "x", "-c", "@").lines
        #expect(lines == ["flag -c: found \"@\", expected a file that can be read: Is a directory"])
    }

    @Test func `a file that is not YAML is named with its line, and the other problems too`() throws {
        let folder = try ConfigurationFolder(["a.yaml": "app:\n  id: [\n", "b.yaml": "api: {listen: x}"])
        let (lines, status) = folder.problems("-a", "x", "-c", "@/a.yaml", "-c", "@/b.yaml")
        #expect(lines.count == 2)
        #expect(lines.first?.hasPrefix("@/a.yaml:3: found text that is not YAML: ") == true)
        #expect(
            lines.last == "@/b.yaml:1: api.listen: found \"x\", expected an address HOST:PORT, such as 127.0.0.1:3500")
        #expect(status == 78)
    }

    @Test func `a wrong variable of the environment is a wrong configuration`() throws {
        #expect(
            try ConfigurationFolder().problems("-a", "x", environment: ["OUTRIGGER_APP_PORT": "x"]) == (
                ["environment OUTRIGGER_APP_PORT: app.port: found \"x\", expected a port from 1 to 65535"], 78
            ))
    }

    @Test func `the API's token is in no problem`() throws {
        let lines = try ConfigurationFolder().problems("-a", "x", environment: ["DAPR_API_TOKEN": "open sesame"]).lines
        #expect(
            lines == [
                "environment DAPR_API_TOKEN: api.token: found a value, expected a token of visible ASCII characters"
            ])
    }

    @Test func `two dashes without a command are refused`() throws {
        #expect(
            try ConfigurationFolder().problems("-a", "x", "--") == (
                ["flag --: found nothing after it, expected the app's command"], 64
            ))
    }
}

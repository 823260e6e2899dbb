// SPDX-License-Identifier: Apache-2.0

import Core
import HTTPAPI
import Logging
import Settings
import Sidecar
import Telemetry
import Testing

@testable import Runtime

/// The flags that users of `dapr run` and `daprd` type.
struct ConfigurationFlagsTests {
    private func configuration(_ arguments: String...) throws -> Configuration {
        guard
            case .run(let invocation) = try Invocation.request(arguments: ["-a", "x"] + arguments, environment: [:])
        else { throw Problems([]) }
        return invocation.loaded.configuration
    }

    private func notes(_ arguments: [String]) throws -> [String] {
        guard
            case .run(let invocation) = try Invocation.request(arguments: ["-a", "x"] + arguments, environment: [:])
        else { throw Problems([]) }
        return invocation.notes
    }

    @Test func `no two flags share a name or a letter`() {
        let names = Invocation.flagForms.flatMap { form in form.names + (form.short.map { [String($0)] } ?? []) }
        #expect(Set(names).count == names.count)
    }

    @Test func `the API's port and address are set apart`() throws {
        #expect(try configuration("-H", "3600").api.listen == ListenAddress(host: "127.0.0.1", port: 3600))
        #expect(try configuration("--dapr-listen-addresses=0.0.0.0").api.listen.description == "0.0.0.0:3500")
        #expect(try configuration("--dapr-listen-addresses", "[::1],127.0.0.1").api.listen.host == "127.0.0.1")
        #expect(throws: Problems.self) { try configuration("--dapr-listen-addresses", "10.0.0.1,10.0.0.2") }
    }

    @Test func `the public listener comes with its port or its address, in any order`() throws {
        #expect(try configuration().api.publicListen == nil)
        #expect(try configuration("--dapr-public-port", "1").api.publicListen?.description == "0.0.0.0:1")
        #expect(
            try configuration("--dapr-public-listen-address", "::1", "--dapr-public-port=1").api.publicListen
                == configuration("--dapr-public-port=1", "--dapr-public-listen-address", "::1").api.publicListen)
        #expect(try configuration("--dapr-public-listen-address", "::1").api.publicListen?.description == "[::1]:3501")
    }

    @Test func `metrics have a port, an address and a switch`() throws {
        let configuration = try configuration("-M9091", "--metrics-listen-address", "::1", "--enable-metrics=false")
        #expect(configuration.admin.listen.description == "[::1]:9091")
        #expect(!configuration.admin.enabled)
    }

    @Test func `limits, logs and shutdown are in Dapr's words`() throws {
        let configuration = try configuration(
            "--max-body-size", "8Mi", "--log-level", "fatal", "--log-as-json", "--enable-api-logging=true",
            "--dapr-graceful-shutdown-seconds", "30", "--app-channel-address", "localhost", "--app-protocol", "http",
            "--restart", "always", "--data-dir", "d")
        #expect(configuration.api.bodyLimit == .mebibytes(8))
        #expect(configuration.log.level == .critical)
        #expect(configuration.log.format == .json)
        #expect(configuration.api.logCalls)
        #expect(configuration.app.grace == .seconds(30))
        #expect(configuration.app.address == "localhost")
        #expect(configuration.app.restart.policy == .always)
        #expect(configuration.data.path == "d")
    }

    @Test func `the app's health, its concurrency and the internal port are in Dapr's words`() throws {
        let configuration = try configuration(
            "--app-max-concurrency", "4", "--enable-app-health-check", "--app-health-check-path", "h",
            "--app-health-probe-interval", "7", "--app-health-probe-timeout", "300", "--app-health-threshold", "2",
            "-I", "50002", "--dapr-internal-grpc-listen-address", "localhost")
        var health = HealthConfiguration()
        (health.enabled, health.path, health.threshold) = (true, "/h", 2)
        (health.interval, health.timeout) = (.seconds(7), .milliseconds(300))
        #expect(configuration.app.health == health)
        #expect(configuration.app.maxConcurrency == 4)
        #expect(configuration.api.internalListen == ListenAddress(host: "localhost", port: 50002))
        #expect(try self.configuration("--app-max-concurrency", "-1").app.maxConcurrency == 0)
    }

    @Test func `gRPC has a port of its own, on the API's address, and may be what the app speaks`() throws {
        let configuration = try configuration("-G", "50002", "--dapr-listen-addresses", "0.0.0.0", "-P", "grpc")
        #expect(configuration.api.grpc.listen == ListenAddress(host: "0.0.0.0", port: 50002))
        #expect(configuration.app.protocol == .grpc)
        #expect(try self.configuration("--dapr-grpc-port=1").api.grpc.listen.port == 1)
    }

    @Test func `a switch that says false gives the other format`() throws {
        #expect(try configuration("--log-as-json=false").log.format == .text)
    }

    @Test(
        "a flag that asks for nothing is taken with a notice",
        arguments: [
            ["--enable-mtls=false"], ["--enable-profiling=false"], ["--profile-port", "7777"],
            ["--mode", "standalone"],
            ["--placement-host-address", "localhost:50005"], ["--scheduler-host-address="], ["--sentry-address=x"],
            ["--disable-init-endpoints", "config"], ["--allowed-origins", "*"], ["--wait=false"],
            ["--hot-reload-reconcile-interval", "1s"], ["--read-buffer-size", "80Ki"], ["--runtime-path", "x"],
        ])
    func taken(arguments: [String]) throws {
        let notes = try notes(arguments)
        #expect(notes.count == 1)
        let name = arguments[0].prefix { $0 != "=" }
        #expect(notes.first?.hasPrefix("notice: \(name) changes nothing: ") == true)
    }

    @Test(
        "a flag that asks for what is not there is refused by name",
        arguments: [
            ["-u", "/tmp"], ["--unix-domain-socket=/tmp"], ["-f", "dapr.yaml"], ["-k"], ["--enable-mtls"],
            ["--enable-mtls=true"], ["--enable-mtls=maybe"], ["--mode", "kubernetes"], ["--wait"],
            ["--dapr-block-shutdown-duration", "5s"], ["--enable-profiling"],
            ["--allowed-origins", "https://a"], ["--read-buffer-size", "81Ki"],
            ["--read-buffer-size", "x"], ["--app-ssl"],
        ])
    func refused(arguments: [String]) throws {
        do throws(Problems) {
            _ = try Invocation.request(arguments: ["-a", "x"] + arguments, environment: [:])
            Issue.record("\(arguments) was taken")
        } catch {
            #expect(error.exitStatus == 64)
            #expect(error.all.count == 1)
            #expect(error.description.hasPrefix("flag \(arguments[0].prefix { $0 != "=" }): found "))
            #expect(error.description.contains(", which is refused: "))
        }
    }
}

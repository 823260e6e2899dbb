// SPDX-License-Identifier: Apache-2.0

import Core
import Testing

/// How durations, byte counts and addresses are written and read.
struct QuantityTextTests {
    @Test(
        "a duration is read as Go reads it",
        arguments: [
            ("0", Duration.zero), ("0s", .zero), ("5s", .seconds(5)), ("200ms", .milliseconds(200)),
            ("1m30s", .seconds(90)), ("1h", .seconds(3600)), ("1.5h", .seconds(5400)), ("0.25s", .milliseconds(250)),
            ("7us", .microseconds(7)), ("7µs", .microseconds(7)), ("3ns", .nanoseconds(3)), ("1h1h", .seconds(7200)),
            ("0.333333333s", .nanoseconds(333_333_333)), ("1.00000000000000009s", .seconds(1)),
        ])
    func readDuration(text: String, expected: Duration) { #expect(Duration(text: text) == expected) }

    @Test(
        "a text that is no duration is refused",
        arguments: [
            "", "5", "s", "5 s", "-5s", "+5s", "5x", "1.s", ".5s", "1.2.3s", "٥s", "1.٥s", "9999999999999999h", "1e3s",
        ])
    func refuseDuration(text: String) { #expect(Duration(text: text) == nil) }

    @Test(
        "a duration's text reads back as itself",
        arguments: [
            Duration.zero, .seconds(5), .milliseconds(200), .seconds(90), .seconds(86_400), .nanoseconds(1_000_001),
        ])
    func durationRoundTrip(duration: Duration) { #expect(Duration(text: duration.text) == duration) }

    @Test func `a duration is shown in its largest units`() {
        #expect(Duration.seconds(90).text == "1m30s")
        #expect(Duration.milliseconds(200).text == "200ms")
        #expect(Duration.zero.text == "0s")
    }

    @Test(
        "a byte count is read with every unit that users of Dapr and Kubernetes write",
        arguments: [
            ("4MiB", 4 << 20), ("4Mi", 4 << 20), ("4096", 4096), ("0", 0), ("1KiB", 1024), ("1Ki", 1024),
            ("2GiB", 2 << 30),
            ("1k", 1000), ("1MB", 1_000_000), ("12B", 12),
        ])
    func readByteCount(text: String, bytes: Int) { #expect(ByteCount(text: text)?.bytes == bytes) }

    @Test(
        "a text that is no byte count is refused",
        arguments: ["", "MiB", "-1", "1.5MiB", "4 MiB", "4TiX", "99999999999999999999", "9999999999999GiB"])
    func refuseByteCount(text: String) { #expect(ByteCount(text: text) == nil) }

    @Test func `a byte count is shown in the largest unit that divides it`() {
        #expect(ByteCount.mebibytes(4).description == "4MiB")
        #expect(ByteCount(bytes: 1000).description == "1000B")
        #expect(ByteCount(bytes: 0).description == "0B")
    }

    @Test(
        "an address is read with its host and port",
        arguments: [
            ("127.0.0.1:3500", "127.0.0.1", 3500), ("[::1]:80", "::1", 80), ("localhost:0", "localhost", 0),
            ("a-b.c_d:65535", "a-b.c_d", 65_535), ("[fe80::1%eth0]:1", "fe80::1%eth0", 1),
        ])
    func readAddress(text: String, host: String, port: Int) {
        #expect(ListenAddress(text: text) == ListenAddress(host: host, port: port))
        #expect(ListenAddress(text: text)?.description == text)
    }

    @Test(
        "a text that is no address is refused",
        arguments: [
            "", ":", "3500", ":3500", "localhost", "localhost:", "localhost:x", "localhost:65536", "localhost:-1",
            "::1:80",
            "[localhost]:80", "[]:80", "a b:80", "http://a:80",
        ])
    func refuseAddress(text: String) { #expect(ListenAddress(text: text) == nil) }
}

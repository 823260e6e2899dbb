// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestKit
import Testing

extension EndToEnd {
    /// What changes of a running HTTP proxy, and what is counted of that.
    @Suite struct ProxyReload {
        @Test func `each reload is counted by its result`() throws {
            let setting = try ProxySetting()
            #expect(
                try ["applied", "refused", "unchanged", "waiting"].map { try setting.reloads($0) } == [0, 0, 0, 0])
            try setting.change()
            try setting.sidecar.waitUntil("nothing to change") { try setting.reloads("unchanged") > 0 }
            try setting.change(more: "timeouts: {idle: 7s}")
            try setting.sidecar.waitUntil("a change") { try setting.reloads("applied") == 1 }
            try setting.change(more: "timeouts: {idle: never}")
            try setting.sidecar.waitUntil("a refusal") { try setting.reloads("refused") > 0 }
            try setting.waitUntilSaid("configuration.kept")
            try setting.change(more: "timeouts: {idle: 7s}\n      backlog: 7")
            try setting.sidecar.waitUntil("what waits") { try setting.reloads("waiting") > 0 }
            #expect(try setting.reloads("applied") == 1)
            #expect(try setting.answers(1) == ["v1"])
        }

        @Test func `the files of TLS towards an upstream that came with a reload are watched`() throws {
            let (made, other) = (try TestCertificates(), try TestCertificates())
            let authority = try made.write(String(contentsOfFile: made.authority, encoding: .utf8), to: "upstream.pem")
            let setting = try ProxySetting()
            #expect(try setting.reloads("applied", of: "outrigger_tls_reloads_total") == 0)
            try setting.change(tls: "{enabled: true, ca: \(authority)}")
            try setting.sidecar.waitUntil("the change") { try setting.reloads("applied") == 1 }
            // Before the watch begins or after that: it is noticed. Its files go with it.
            try withExtendedLifetime(other) { try made.copy(other.authority, over: authority) }
            try setting.sidecar.waitUntil("the new authority") {
                try setting.reloads("applied", of: "outrigger_tls_reloads_total") == 1
            }
            try setting.waitUntilSaid("tls.reloaded")
            _ = try made.write("nonsense", to: "upstream.pem")
            try setting.sidecar.waitUntil("the refusal") {
                try setting.reloads("refused", of: "outrigger_tls_reloads_total") > 0
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Logging

// What the supervisor says about the app. The command's arguments are never logged: they may hold secrets.
extension LogEvent {
    package static func appStarted(command: String, pid: Int32) -> LogEvent {
        LogEvent("app.started", .info, "The app is started.", ["command": "\(command)", "pid": "\(pid)"])
    }

    /// A first start that failed ends the sidecar; a later one counts as an exit of the app.
    package static func appStartFailed(reason: String) -> LogEvent {
        LogEvent("app.start.failed", .error, "The app can't be started: \(reason).")
    }

    package static func appPortAwaited(address: String, after elapsed: Duration) -> LogEvent {
        LogEvent(
            "app.port.awaited", .warning,
            "The app doesn't listen on \(address) yet; the sidecar is not ready and waits for it.",
            ["address": "\(address)", "waited": "\(elapsed.components.seconds)s"])
    }

    /// The app will fail to bind, and until then the sidecar can't tell the stranger from it.
    package static func appPortTaken(address: String, occupant: String) -> LogEvent {
        LogEvent(
            "app.port.taken", .warning,
            "Before the app is started, \(occupant) accepts connections on \(address); the app may fail to listen.",
            ["address": "\(address)", "occupant": "\(occupant)"])
    }

    package static func appListening(address: String) -> LogEvent {
        LogEvent("app.listened", .info, "The app listens.", ["address": "\(address)"])
    }

    package static func appExited(_ exit: String, failed: Bool) -> LogEvent {
        LogEvent("app.exited", failed ? .warning : .info, "The app exited with \(exit).", ["exit": "\(exit)"])
    }

    package static func appExitedBeforeListening(_ exit: String, address: String) -> LogEvent {
        LogEvent(
            "app.exited-early", .error, "The app exited with \(exit) before it listened on \(address).",
            ["exit": "\(exit)", "address": "\(address)"])
    }

    package static func appRestartScheduled(after wait: Duration, restart: Int) -> LogEvent {
        LogEvent(
            "app.restart.scheduled", .warning, "The app is started again after a pause.",
            ["pause": "\(wait)", "restart": "\(restart)"])
    }

    package static func appRestartsExhausted(limit: Int) -> LogEvent {
        LogEvent(
            "app.restarts.exhausted", .error, "The app failed too often in a row and is not started again.",
            ["limit": "\(limit)"])
    }

    package static func appStopRequested(signal: String) -> LogEvent {
        LogEvent("app.stop.requested", .info, "The app is asked to end.", ["signal": "\(signal)"])
    }

    package static func appKilled(grace: Duration) -> LogEvent {
        LogEvent(
            "app.killed", .warning, "The app did not end within its grace period and is killed.",
            ["grace": "\(grace)"])
    }

    package static func appSurvivorsKilled(grace: Duration) -> LogEvent {
        LogEvent(
            "app.survivors.killed", .warning, "Processes that the app left behind are killed.",
            ["grace": "\(grace)"])
    }
}

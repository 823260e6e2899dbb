// SPDX-License-Identifier: Apache-2.0

/// What active checks say of one endpoint: a state machine that is told how each check ended.
///
/// An endpoint is taken for well until a check says otherwise. The first check decides alone, so that one which isn't
/// there from the beginning gets no requests; later ones need several in a row.
struct HealthCheckState: Sendable {
    private(set) var isHealthy = true
    private var wasChecked = false
    /// Checks in a row that said the opposite of `isHealthy`.
    private var dissent = 0

    /// Takes a check's outcome; true if the endpoint's health is another one now.
    mutating func learned(_ isWell: Bool, _ rules: HealthCheckConfiguration) -> Bool {
        defer { wasChecked = true }
        guard isWell != isHealthy else {
            dissent = 0
            return false
        }
        dissent += 1
        guard !wasChecked || dissent >= (isWell ? rules.healthy : rules.unhealthy) else { return false }
        isHealthy = isWell
        dissent = 0
        return true
    }
}

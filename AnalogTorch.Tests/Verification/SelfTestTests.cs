using AnalogTorch.Verification;

namespace AnalogTorch.Tests.Verification;

/// <summary>The self-test that users run; that planted faults are found is held by <c>AnalogTorch.Tests/Mutation/Verification.json</c>.</summary>
public class SelfTestTests
{
    [Fact]
    public void ThisComputerSimulatesWhatTheEquationsSay()
    {
        var told = new List<SelfCheck>();
        var report = SelfTest.Run(seed: Stat.Seed, progress: new Direct(told.Add));
        Assert.True(report.Holds, report.ToString());
        Assert.Equal(report.Checks, told);
        Assert.InRange(report.FalseAlarm, 1e-6, 1e-4);
        Assert.Equal(["torch", "random numbers", "devices", "memories", "read noise", "converters", "lines", "trains", "engines", "threads"], report.Checks.Select(check => check.Group).Distinct());
        // Variants of this assembly, and of others that are loaded, are among them.
        Assert.Contains(report.Checks, check => check.What.StartsWith("GatedCapacitor, a pulse up", StringComparison.Ordinal));
    }

    [Fact]
    public void WhatDoesNotHoldIsSaid()
    {
        var report = new SelfTestReport([new("devices", "X, a pulse up", 1.2, 1, 0.1), new("devices", "Y", 1, 1, 0), new("lines", "Z", double.NaN, 0, 1)], TimeSpan.Zero);
        Assert.False(report.Holds);
        Assert.Equal(2, report.Failures.Count());
        Assert.Contains("devices: X, a pulse up must be 1 ± 0.1, but is 1.2.", report.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void ItCanBeStopped() => Assert.Throws<OperationCanceledException>(() => SelfTest.Run(cancel: new CancellationToken(canceled: true)));

    private sealed class Direct(Action<SelfCheck> action) : IProgress<SelfCheck>
    {
        public void Report(SelfCheck value) => action(value);
    }
}

namespace AnalogTorch.Examples.Benchmarks;

/// <summary>How long and how large the measurements are.</summary>
internal sealed record BenchmarkSettings
{
    /// <summary>Threads of torch, which the library's own kernels follow.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Seed of weights, devices and data.</summary>
    public long Seed { get; init; } = 42;

    /// <summary>Whether everything is made small.</summary>
    public bool Quick { get; init; }

    /// <summary>Segments of either side whose length is free.</summary>
    public int Segments => Quick ? 7 : 41;

    /// <summary>Time that a segment of free length takes.</summary>
    public TimeSpan SegmentTime => TimeSpan.FromMilliseconds(Quick ? 15 : 30);

    /// <summary>Time that torch runs before anything is measured.</summary>
    public TimeSpan DigitalWarmUp => TimeSpan.FromSeconds(Quick ? 0.3 : 1);

    /// <summary>Time that the analog side runs before anything is measured.</summary>
    public TimeSpan AnalogWarmUp => TimeSpan.FromSeconds(Quick ? 1.5 : 5);

    /// <summary>Steps over which allocations are counted, three times.</summary>
    public int AllocationSteps => Quick ? 50 : 500;

    /// <summary>Side of the layer whose memory is weighed.</summary>
    public int MemorySide => Quick ? 2048 : 4096;
}

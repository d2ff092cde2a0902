using System.Diagnostics;
using System.Runtime;

namespace AnalogTorch.Examples.Benchmarks;

/// <summary>Says how long code has to run before it is worth measuring.</summary>
/// <remarks>
/// The runtime compiles hot loops again, twice, on a thread of its own and some seconds after they were first called; they are then up
/// to ten times as fast. So a warm-up lasts for its least time, and then until the compiler has been quiet for a quarter of that.
/// Time is processor time where it is known: on a busy computer the compiler, too, needs longer.
/// </remarks>
internal sealed class JitPatience(TimeSpan least)
{
    private const double QuietShare = 0.25, MostTimes = 8; // of the least time
    private readonly long start = Stopwatch.GetTimestamp();
    private readonly double cpuStart = ThreadClock.Seconds;
    private long compiled = JitInfo.GetCompiledMethodCount();
    private double quietSince;

    /// <summary>Whether to run on.</summary>
    public bool GoesOn
    {
        get
        {
            var wall = Stopwatch.GetElapsedTime(start).TotalSeconds;
            var now = double.IsNaN(cpuStart) ? wall : ThreadClock.Seconds - cpuStart;
            if (JitInfo.GetCompiledMethodCount() is var count && count != compiled)
                (compiled, quietSince) = (count, now);
            return wall < MostTimes * least.TotalSeconds && (now < least.TotalSeconds || now - quietSince < QuietShare * least.TotalSeconds);
        }
    }
}

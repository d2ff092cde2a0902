using System.Diagnostics;
using System.Globalization;

namespace AnalogTorch.Examples.Benchmarks;

/// <summary>Memory of this process and of the computer, as the operating system sees it.</summary>
internal static class ProcessMemory
{
    /// <summary>Bytes that are really there, when everything unused has been given back.</summary>
    public static long Now()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        NativeHeap.Trim();
        return Read("/proc/self/status", "VmRSS:") ?? Refreshed().WorkingSet64;
    }

    /// <summary>The most that there ever were.</summary>
    public static long Peak() => Read("/proc/self/status", "VmHWM:") ?? Refreshed().PeakWorkingSet64;

    /// <summary>Bytes that a program may still take without others having to give way.</summary>
    public static long Free()
    {
        var limit = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        return Math.Min(Read("/proc/meminfo", "MemAvailable:") ?? limit - Now(), limit);
    }

    // Lines such as "VmRSS:     1234 kB", on Linux alone.
    private static long? Read(string file, string name)
    {
        if (!OperatingSystem.IsLinux())
            return null;
        var line = File.ReadLines(file).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal));
        return line is null ? null : 1024 * long.Parse(line[name.Length..^2], NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture);
    }

    private static Process Refreshed()
    {
        var process = Process.GetCurrentProcess();
        process.Refresh();
        return process;
    }
}

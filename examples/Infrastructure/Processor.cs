using System.Runtime.InteropServices;

namespace AnalogTorch.Examples;

/// <summary>The computer's processor.</summary>
internal static class Processor
{
    /// <summary>Its name, where the system tells it.</summary>
    public static string Name { get; } =
        (OperatingSystem.IsLinux() ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim() : null)
        ?? RuntimeInformation.ProcessArchitecture.ToString();
}

using System.Reflection;

namespace AnalogTorch.Examples;

/// <summary>Which build this is: its version, and the commit it was built from.</summary>
public static class BuildVersion
{
    private static readonly string[] Parts =
        (typeof(BuildVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown").Split('+', 2);

    /// <summary>The version, such as 0.1.0.</summary>
    public static string Version => Parts[0];

    /// <summary>The commit, or <c>unknown</c> where the source was not under git.</summary>
    public static string Commit => Parts.Length > 1 ? Parts[1] : "unknown";
}

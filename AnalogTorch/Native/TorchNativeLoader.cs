using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using System.Runtime.Versioning;

namespace AnalogTorch;

/// <summary>Loads TorchSharp's native library on Linux systems whose libstdc++ is older than the one it was built with.</summary>
/// <remarks>
/// TorchSharp 0.107.0 asks for version GLIBCXX_3.4.32 of libstdc++ (GCC 13.2), which Debian 12 and Ubuntu 22.04 do not have,
/// although nothing in it uses what that version brought. Programs that get AnalogTorch by a project reference or from the package
/// have a library beside them that does without, and the runtime finds it by itself. Where that file is missing, as beside a
/// program that refers to AnalogTorch.dll alone, the system refuses TorchSharp's library; then, and only then, a copy in memory
/// with this one demand made optional is loaded. No file is changed.
/// </remarks>
public static class TorchNativeLoader
{
    private const string Shim = "LibTorchSharp";
    private const string MissingVersion = "GLIBCXX_3.4.32";

    private static readonly Lock Gate = new();
    private static bool installed;
    private static nint handle;
    private static DllNotFoundException? refusal;

    /// <summary>Makes the loader ready. To be called before the first use of torch; further calls do nothing.</summary>
    /// <remarks>
    /// The first use of a type of AnalogTorch calls it, so only a program that has AnalogTorch.dll without the files around it, and
    /// that uses torch before, needs to.
    /// </remarks>
    public static void Install()
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
            return;
        lock (Gate)
        {
            if (installed)
                return;
            // The runtime raises this event in the context that holds TorchSharp, after its own search has failed.
            var context = AssemblyLoadContext.GetLoadContext(typeof(TorchSharp.torch).Assembly);
            (context ?? AssemblyLoadContext.Default).ResolvingUnmanagedDll += Resolve;
            installed = true;
        }
    }

#pragma warning disable CA2255 // Meant for applications; here it registers one event handler and does nothing else.
    [ModuleInitializer]
    internal static void InstallWithAssembly() => Install();
#pragma warning restore CA2255

    [SupportedOSPlatform("linux")]
    private static nint Resolve(Assembly assembly, string name)
    {
        if (name != Shim)
            return 0;
        lock (Gate)
        {
            if (refusal is not null)
                throw refusal;
            return handle != 0 ? handle : handle = Load(SearchFolders(assembly));
        }
    }

    /// <returns>0 where the failure is not the one that this class is about; TorchSharp then reports it.</returns>
    [SupportedOSPlatform("linux")]
    private static nint Load(IReadOnlyList<string> folders)
    {
        string? shim = Find(folders, $"lib{Shim}.so");
        string? torch = Find(folders, "libtorch.so");
        if (shim is null || torch is null)
            return 0;
        // The copy has no folder to find its dependencies in, so they must be there already; it meets them by their SONAME.
        foreach (string file in new[] { "libc10.so", "libtorch_cpu.so", "libtorch.so" })
        {
            if (!NativeLibrary.TryLoad(Path.Combine(Path.GetDirectoryName(torch)!, file), out _))
                return 0;
        }

        try
        {
            return NativeLibrary.Load(shim);
        }
        catch (DllNotFoundException failure) when (failure.Message.Contains(MissingVersion, StringComparison.Ordinal))
        {
            try
            {
                return NativeImage.Load(Shim, ElfVersionNeed.MakeOptional(File.ReadAllBytes(shim)));
            }
            catch (Exception reason) when (reason is InvalidDataException or IOException or DllNotFoundException)
            {
                refusal = new DllNotFoundException(
                    $"{shim} needs {MissingVersion}, which this system's libstdc++ does not have, and could not be loaded without it: "
                    + $"{reason.Message} A libstdc++ of GCC 13.2 or newer is the remedy.", reason);
                // TorchSharp catches the exception and shows at best a part of it.
                Console.Error.WriteLine(refusal.Message);
                throw refusal;
            }
        }
    }

    /// <summary>Where the application's native files can be; a single-file application has no assembly locations.</summary>
    private static List<string> SearchFolders(Assembly assembly)
    {
        var folders = new List<string>();
        if (AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") is string known)
            folders.AddRange(known.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries));
#pragma warning disable IL3000 // In a single-file application the location is empty, and the base folder the one that counts.
        foreach (string? folder in new[] { Path.GetDirectoryName(assembly.Location), AppContext.BaseDirectory })
#pragma warning restore IL3000
        {
            if (string.IsNullOrEmpty(folder))
                continue;
            folders.Add(folder);
            folders.Add(Path.Combine(folder, "runtimes", "linux-x64", "native"));
        }

        return folders;
    }

    private static string? Find(IEnumerable<string> folders, string file) =>
        folders.Select(folder => Path.Combine(folder, file)).FirstOrDefault(File.Exists);
}

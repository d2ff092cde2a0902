using System.Runtime.InteropServices;
using System.Text;

namespace AnalogTorch.Checkpoints;

/// <summary>What a path leads to.</summary>
internal static class FileKind
{
    // struct statx of linux/stat.h, which is the same on every processor: stx_mode is the 16 bits at byte 28.
    private const int SizeOfStatx = 256, ModeAt = 28, CurrentFolder = -100;
    private const uint TypeAndMode = 1;

    /// <summary>What is at the end of a path that is no file, such as "a device"; null for a file, and where there is nothing.</summary>
    public static string? OtherThanFile(string path)
    {
        if (Directory.Exists(path))
            return "a folder";
        if (!OperatingSystem.IsLinux() || !File.Exists(path))
            return null;
        var found = new byte[SizeOfStatx];
        try
        {
            if (Statx(CurrentFolder, Encoding.UTF8.GetBytes(path + "\0"), 0, TypeAndMode, found) != 0)
                return null;
        }
        catch (EntryPointNotFoundException)
        {
            return null; // a C library from before 2018
        }
        return (BitConverter.ToUInt16(found, ModeAt) & 0xF000) switch
        {
            0x1000 => "a pipe",
            0x2000 or 0x6000 => "a device",
            0xC000 => "a socket",
            _ => null,
        };
    }

    [DllImport("libc", EntryPoint = "statx", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Statx(int folder, byte[] path, int flags, uint mask, byte[] found);
}

using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace AnalogTorch;

/// <summary>Loads a shared library from bytes.</summary>
/// <remarks>
/// An anonymous file in memory comes first: it has no folder that another user could write to, nothing stays behind and the home
/// folder need not exist. Where the system does not let it be executed, a fresh folder of the user's own takes its place and is
/// deleted as soon as the library is mapped.
/// </remarks>
[SupportedOSPlatform("linux")]
internal static partial class NativeImage
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public static nint Load(string name, byte[] bytes)
    {
        string refusal;
        try
        {
            return LoadFromMemory(name, bytes);
        }
        catch (Exception reason) when (reason is IOException or DllNotFoundException)
        {
            refusal = reason.Message;
        }

        var refusals = new List<string> { $"memory: {refusal}" };
        foreach (string folder in OwnFolders())
        {
            try
            {
                return LoadFromFolder(folder, name, bytes);
            }
            catch (Exception reason) when (reason is IOException or UnauthorizedAccessException or DllNotFoundException)
            {
                refusals.Add($"{folder}: {reason.Message}");
            }
        }

        throw new IOException($"There must be a place to load {name} from, but there is none ({string.Join("; ", refusals)}).");
    }

    public static nint LoadFromMemory(string name, byte[] bytes)
    {
        const uint closeOnExec = 1;
        int descriptor = MemFdCreate(name, closeOnExec);
        if (descriptor < 0)
            throw LastError("memfd_create");
        using var file = new SafeFileHandle(descriptor, ownsHandle: true);
        RandomAccess.Write(file, bytes, fileOffset: 0);
        nint library = NativeLibrary.Load($"/proc/self/fd/{descriptor}");
        // Left open on purpose: the dynamic linker knows the library by this path, and would take another library whose
        // descriptor got the same number for this one.
        file.SetHandleAsInvalid();
        return library;
    }

    /// <param name="parent">A folder in which only this user and root can change anything.</param>
    /// <param name="name">The library's name.</param>
    /// <param name="bytes">The library.</param>
    public static nint LoadFromFolder(string parent, string name, byte[] bytes)
    {
        string folder = CreatePrivateFolder(parent);
        try
        {
            string path = Path.Combine(folder, $"lib{name}.so");
            var options = new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = OwnerOnly,
            };
            using (var stream = new FileStream(path, options))
                stream.Write(bytes);
            return NativeLibrary.Load(path);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Makes a new folder that only this user can enter.</summary>
    /// <exception cref="IOException">Someone else could replace the folder, as <paramref name="parent"/> or a folder above lets them.</exception>
    public static string CreatePrivateFolder(string parent)
    {
        for (var above = new DirectoryInfo(Path.GetFullPath(parent)); above is not null; above = above.Parent)
        {
            const UnixFileMode othersWrite = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
            var (owner, mode) = Status(above.FullName);
            if (owner != 0 && owner != GetEffectiveUserId())
                throw new IOException($"{above.FullName} must belong to this user or root, but belongs to user {owner}.");
            // In a sticky folder such as /tmp others can add entries, but not replace ours. It is good enough above, not as parent.
            bool sticky = (mode & UnixFileMode.StickyBit) != 0 && above.FullName != Path.GetFullPath(parent);
            if ((mode & othersWrite) != 0 && !sticky)
                throw new IOException($"{above.FullName} must be writable by its owner only, but its mode is {Convert.ToString((int)mode, 8)}.");
        }

        string folder = Path.Combine(Path.GetFullPath(parent), $".analogtorch-{Guid.NewGuid():N}");
        Directory.CreateDirectory(folder, OwnerOnly);
        var created = Status(folder);
        if (created.Owner != GetEffectiveUserId() || created.Mode != OwnerOnly)
        {
            Directory.Delete(folder);
            throw new IOException($"{folder} must be this user's with mode 700, but is user {created.Owner}'s with mode {Convert.ToString((int)created.Mode, 8)}.");
        }

        return folder;
    }

    private static IEnumerable<string> OwnFolders()
    {
        string? home = Environment.GetEnvironmentVariable("HOME");
        string?[] folders =
        [
            Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR"),
            Environment.GetEnvironmentVariable("XDG_CACHE_HOME"),
            string.IsNullOrEmpty(home) ? null : Path.Combine(home, ".cache"),
            home,
        ];
        return folders.OfType<string>().Where(folder => Path.IsPathRooted(folder) && Directory.Exists(folder));
    }

    /// <summary>Owner and mode of a folder itself, of its link if it is one: a link's mode is open to all, so it is refused.</summary>
    private static (uint Owner, UnixFileMode Mode) Status(string path)
    {
        const int currentFolder = -100;
        const int noFollow = 0x100;
        const uint modeAndOwner = 0x2 | 0x8;
        Span<byte> status = stackalloc byte[256];
        if (Statx(currentFolder, path, noFollow, modeAndOwner, ref MemoryMarshal.GetReference(status)) != 0)
            throw LastError($"statx of {path}");
        uint owner = MemoryMarshal.Read<uint>(status[20..]);
        int mode = MemoryMarshal.Read<ushort>(status[28..]);
        return (owner, (UnixFileMode)(mode & 0xfff));
    }

    private static IOException LastError(string call)
    {
        int error = Marshal.GetLastPInvokeError();
        return new IOException($"{call}: {Marshal.GetPInvokeErrorMessage(error)}", new Win32Exception(error));
    }

    [LibraryImport("libc", EntryPoint = "memfd_create", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int MemFdCreate(string name, uint flags);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial uint GetEffectiveUserId();

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int Statx(int folder, string path, int flags, uint mask, ref byte status);
}

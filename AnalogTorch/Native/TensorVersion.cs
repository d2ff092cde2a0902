using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace AnalogTorch;

/// <summary>How often torch has written to a tensor's memory, as its autograd counts it.</summary>
/// <remarks>
/// TorchSharp 0.107.0 does not show the counter, so torch's own function <c>at::native::_version(const Tensor&amp;)</c> is called. Where it is
/// not found the answer is null, and whoever asks has to look at the values themselves.
/// </remarks>
internal static unsafe partial class TensorVersion
{
    private static readonly delegate* unmanaged<nint, long> Version =
        (delegate* unmanaged<nint, long>)Find("_ZN2at6native8_versionERKNS_6TensorE", "?_version@native@at@@YA_JAEBVTensor@2@@Z");

    private static readonly delegate* unmanaged<nint, byte> IsInference =
        (delegate* unmanaged<nint, byte>)Find("_ZN2at6native12is_inferenceERKNS_6TensorE", "?is_inference@native@at@@YA_NAEBVTensor@2@@Z");

    /// <summary>The count of writes; null where there is none to be had, as for tensors that were made in inference mode.</summary>
    public static long? Of(Tensor tensor)
    {
        if (Version is null || IsInference is null)
            return null;
        var handle = tensor.Handle; // which refuses tensors that are gone
        var version = IsInference(handle) != 0 ? null : (long?)Version(handle);
        GC.KeepAlive(tensor);
        return version;
    }

    /// <summary>Where the first element of a tensor is, of any layout; for tensors in host memory.</summary>
    public static nint AddressOf(Tensor tensor)
    {
        var address = Data(tensor.Handle);
        GC.KeepAlive(tensor);
        return address;
    }

    [LibraryImport("LibTorchSharp", EntryPoint = "THSTensor_data")]
    private static partial nint Data(nint tensor);

    private static nint Find(string itanium, string microsoft)
    {
        var library = OperatingSystem.IsWindows() ? "torch_cpu.dll" : OperatingSystem.IsMacOS() ? "libtorch_cpu.dylib" : "libtorch_cpu.so";
        return NativeLibrary.TryLoad(library, out var torch) // which is in the process already, and found by its name
            && NativeLibrary.TryGetExport(torch, OperatingSystem.IsWindows() ? microsoft : itanium, out var function)
            ? function
            : 0;
    }
}

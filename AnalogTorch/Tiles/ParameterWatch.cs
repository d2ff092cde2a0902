using System.IO.Hashing;
using TorchSharp;
using static TorchSharp.torch;

namespace AnalogTorch.Tiles;

/// <summary>What somebody else did to the parameters that a tile holds.</summary>
internal enum ParameterChange
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>They are on another torch device, with the same values.</summary>
    Moved,

    /// <summary>They were loaded together with what the hardware holds, and belong to it.</summary>
    Restored,

    /// <summary>They have other values, or are other tensors.</summary>
    Changed,
}

/// <summary>Finds out when others write to the parameters that a tile holds.</summary>
/// <remarks>
/// Torch counts its own writes (<c>copy_</c>, <c>nn.init</c>, optimizers), which costs next to nothing to see. Writes past torch come with a
/// <c>state_dict</c>, as when a file is loaded: from then to the next look, a hash of the values tells. Single elements that are written through
/// pointers at other times are not seen.
/// </remarks>
/// <param name="state">What the hardware holds.</param>
internal sealed class ParameterWatch(nn.Module state)
{
    private readonly Lock gate = new();
    private Mark weight, bias;
    private Tensor? lastWeight, lastBias;
    private UInt128 stateHash;
    private bool isExposed;

    /// <summary>Takes the parameters as they are now for what the hardware holds.</summary>
    public void Accept(Tensor weightNow, Tensor? biasNow)
    {
        (lastWeight, lastBias) = (weightNow, biasNow);
        (weight, bias) = (Mark.Of(weightNow), Mark.Of(biasNow));
        isExposed = false;
    }

    /// <summary>The same after the hardware itself wrote to the parameters that were accepted last.</summary>
    public void AcceptLast()
    {
        if (lastWeight is { IsInvalid: false })
            Accept(lastWeight, lastBias is { IsInvalid: false } ? lastBias : null);
    }

    /// <summary>Keeps in mind what everything is, since from now on anybody may write to memory.</summary>
    public void Expose()
    {
        lock (gate)
        {
            if (isExposed || lastWeight is not { IsInvalid: false })
                return;
            isExposed = true; // first, since to ask for the buffers is to expose them
            (weight, bias) = (weight with { Hash = HashOf(lastWeight) }, bias with { Hash = HashOf(lastBias) });
            stateHash = HashOfState();
        }
    }

    /// <summary>What was done to the parameters since they were accepted.</summary>
    public ParameterChange Look(Tensor weightNow, Tensor? biasNow)
    {
        if (!isExposed && weight.IsSurelyOf(weightNow) && (biasNow is null || bias.IsSurelyOf(biasNow)))
            return ParameterChange.None;
        lock (gate)
        {
            if (lastWeight is null || weight.DeviceType != weightNow.device_type || weight.DeviceIndex != weightNow.device_index)
                return ParameterChange.Moved;
            var isSame = weight.IsSame(weightNow) && (biasNow is null || bias.IsSame(biasNow));
            if (isExposed && HashOfState() != stateHash)
                return ParameterChange.Restored;
            if (!isSame)
                return ParameterChange.Changed;
            Accept(weightNow, biasNow);
            return ParameterChange.None;
        }
    }

    private UInt128 HashOfState()
    {
        var hash = new XxHash128();
        foreach (var (_, buffer) in state.named_buffers())
            hash.Append(BitsOf(buffer));
        return hash.GetCurrentHashAsUInt128();
    }

    private static UInt128 HashOf(Tensor? tensor) => tensor is null ? default : XxHash128.HashToUInt128(BitsOf(tensor));

    internal static ReadOnlySpan<byte> BitsOf(Tensor tensor)
    {
        if (tensor.device_type == DeviceType.CPU && tensor.is_contiguous())
            return tensor.NumberOfElements == 0 ? [] : tensor.bytes;
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return tensor.detach().cpu().contiguous().bytes.ToArray();
    }

    /// <summary>What tells a parameter that nobody wrote to.</summary>
    private record struct Mark(nint Handle, nint Address, DeviceType DeviceType, int DeviceIndex, long? Version, UInt128? Hash)
    {
        public static Mark Of(Tensor? tensor)
        {
            if (tensor is null)
                return default;
            var version = TensorVersion.Of(tensor);
            return new(tensor.Handle, AddressOf(tensor), tensor.device_type, tensor.device_index, version, version is null ? HashOf(tensor) : null);
        }

        /// <summary>Whether a look at counters alone says that nothing happened.</summary>
        public readonly bool IsSurelyOf(Tensor tensor) =>
            Handle == tensor.Handle && Version is { } version && TensorVersion.Of(tensor) == version && AddressOf(tensor) == Address;

        /// <summary>Whether a tensor is the same memory with the same values.</summary>
        public readonly bool IsSame(Tensor tensor) =>
            Handle == tensor.Handle && AddressOf(tensor) == Address && (Hash is { } hash ? HashOf(tensor) == hash : TensorVersion.Of(tensor) == Version);

        private static nint AddressOf(Tensor tensor) => tensor.device_type == DeviceType.CPU ? TensorVersion.AddressOf(tensor) : 0;
    }
}

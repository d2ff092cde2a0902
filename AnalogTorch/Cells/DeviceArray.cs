using AnalogTorch.Core;
using AnalogTorch.Devices;
using AnalogTorch.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace AnalogTorch.Cells;

/// <summary>The devices of one role in an array of cells, with their tensors in the array's state.</summary>
public sealed class DeviceArray
{
    private readonly TensorStore state;
    private readonly string role;
    private readonly bool hasMemory;
    private ElementPlanes? planes;

    /// <summary>Manufactures the devices of a role.</summary>
    /// <param name="device">What they are.</param>
    /// <param name="role">The role's name, which prefixes the names of the tensors.</param>
    /// <param name="state">Where the tensors live.</param>
    /// <param name="rng">The stream of the array.</param>
    /// <param name="shape">Outputs × inputs.</param>
    /// <param name="torchDevice">Where the tensors live.</param>
    public DeviceArray(PulsedDevice device, string role, TensorStore state, Rng rng, long[] shape, torch.Device torchDevice)
    {
        device.CheckAll();
        (Device, this.role, this.state) = (device, role, state);
        using var scope = NewDisposeScope();
        var made = device.Manufacture(rng.Split(role), shape, torchDevice);
        state.Add($"{role}_value", made.Value);
        state.Add($"{role}_up", made.Up);
        state.Add($"{role}_down", made.Down);
        state.Add($"{role}_min", made.Min);
        state.Add($"{role}_max", made.Max);
        state.Add($"{role}_offset", made.Offset);
        hasMemory = made.Memory is not null;
        if (hasMemory)
            state.Add($"{role}_memory", made.Memory!);
    }

    /// <summary>What the devices are.</summary>
    public PulsedDevice Device { get; }

    /// <summary>The tensors.</summary>
    public ElementPlanes Planes => planes ??= new(
        state[$"{role}_value"], state[$"{role}_up"], state[$"{role}_down"], state[$"{role}_min"], state[$"{role}_max"],
        state[$"{role}_offset"], hasMemory ? state[$"{role}_memory"] : null);

    /// <summary>Forgets the tensors after a move.</summary>
    public void Moved() => planes = null;

    /// <summary>RESETs the devices where <paramref name="where"/> is true: start value, fresh memory.</summary>
    public void Reset(Tensor where, Rng rng)
    {
        if (Device is not IResettable resettable)
            throw new NotSupportedException($"{Device.GetType().Name} has no RESET; use a device that is {nameof(IResettable)}.");
        using var scope = NewDisposeScope();
        var fresh = resettable.AfterReset(Noise.Normal(rng, Planes.Value.shape, Planes.Value.device));
        Planes.Value.copy_(torch.where(where, fresh, Planes.Value));
        Planes.Memory?.masked_fill_(where, 1f);
    }
}

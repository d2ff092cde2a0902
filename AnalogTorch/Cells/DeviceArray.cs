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
    private Tensor? values;

    /// <summary>Manufactures the devices of a role.</summary>
    /// <param name="device">What they are.</param>
    /// <param name="role">The role's name, which prefixes the names of the tensors.</param>
    /// <param name="state">Where the tensors live.</param>
    /// <param name="rng">The stream of the array.</param>
    /// <param name="shape">Outputs × inputs.</param>
    /// <param name="torchDevice">Where the tensors live.</param>
    /// <param name="values">The tensor that holds the values, if it belongs to somebody else; null for one of the array's own.</param>
    public DeviceArray(PulsedDevice device, string role, TensorStore state, Rng rng, long[] shape, torch.Device torchDevice, Tensor? values = null)
    {
        device.CheckAll();
        (Device, this.role, this.state, this.values) = (device, role, state, values);
        using var scope = NewDisposeScope();
        var made = device.Manufacture(rng.Split(role), shape, torchDevice);
        if (values is null)
            state.Add($"{role}_value", made.Value);
        else
            values.copy_(made.Value);
        Keep("up", made.Up);
        Keep("down", made.Down);
        Keep("min", made.Min);
        Keep("max", made.Max);
        Keep("offset", made.Offset);
        hasMemory = made.Memory is not null;
        if (hasMemory)
            state.Add($"{role}_memory", made.Memory!);
    }

    private void Keep(string parameter, ParameterPlane made)
    {
        var packed = ParameterPlane.Pack(made.Values);
        state.Add($"{role}_{parameter}", packed.Values);
        if (packed.Range is not null)
            state.Add($"{role}_{parameter}_range", packed.Range);
    }

    private ParameterPlane Kept(string parameter) =>
        state.Names.Contains($"{role}_{parameter}_range") ? new(state[$"{role}_{parameter}"], state[$"{role}_{parameter}_range"]) : new(state[$"{role}_{parameter}"]);

    /// <summary>What the devices are.</summary>
    public PulsedDevice Device { get; }

    /// <summary>The tensors.</summary>
    public ElementPlanes Planes => planes ??= new(
        values ?? state[$"{role}_value"], Kept("up"), Kept("down"), Kept("min"), Kept("max"), Kept("offset"), hasMemory ? state[$"{role}_memory"] : null);

    /// <summary>Forgets the tensors after a move.</summary>
    /// <param name="movedValues">The tensor that holds the values now, if it belongs to somebody else.</param>
    public void Moved(Tensor? movedValues = null) => (planes, values) = (null, movedValues);

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

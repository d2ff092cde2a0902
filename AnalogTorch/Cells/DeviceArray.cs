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
    private (double Size, PulsedDevice Device)? shrunk;

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

    /// <summary>The devices under pulses of a size.</summary>
    /// <param name="size">Share of the full step.</param>
    /// <exception cref="NotSupportedException">They only take full ones.</exception>
    public PulsedDevice Under(double size)
    {
        if (size == 1)
            return Device;
        if (shrunk is not { } made || made.Size != size)
            shrunk = made = (size, Device.UnderPulses(size) ?? throw new NotSupportedException($"{Device.GetType().Name} takes full pulses only; use FullPulses."));
        return made.Device;
    }

    /// <summary>The tensors.</summary>
    public ElementPlanes Planes => planes ??= new(
        values ?? state[$"{role}_value"], Kept("up"), Kept("down"), Kept("min"), Kept("max"), Kept("offset"), hasMemory ? state[$"{role}_memory"] : null);

    /// <summary>Forgets the tensors after a move.</summary>
    /// <param name="movedValues">The tensor that holds the values now, if it belongs to somebody else.</param>
    public void Moved(Tensor? movedValues = null) => (planes, values) = (null, movedValues);

    /// <summary>The values of some devices.</summary>
    /// <param name="devices">Their places in the array, counted row by row (int64).</param>
    public Tensor At(Tensor devices) => Planes.Value.view(-1).index_select(0, devices);

    /// <summary>RESETs all devices: start value, fresh memory.</summary>
    /// <param name="rng">The stream of the start values.</param>
    public void Reset(Rng rng)
    {
        using var scope = NewDisposeScope();
        Planes.Value.copy_(Resettable.AfterReset(Noise.Normal(rng, Planes.Value.shape, Planes.Value.device)));
        Planes.Memory?.fill_(1f);
    }

    /// <summary>RESETs some devices.</summary>
    /// <param name="devices">Their places in the array, counted row by row (int64).</param>
    /// <param name="rng">The stream of the start values.</param>
    public void Reset(Tensor devices, Rng rng)
    {
        using var scope = NewDisposeScope();
        var fresh = Resettable.AfterReset(Noise.Normal(rng, devices.shape, devices.device));
        Planes.Value.view(-1).index_copy_(0, devices, fresh);
        Planes.Memory?.view(-1).index_fill_(0, devices, 1f);
    }

    private IResettable Resettable =>
        Device as IResettable ?? throw new NotSupportedException($"{Device.GetType().Name} has no RESET; use a device that is {nameof(IResettable)}.");
}

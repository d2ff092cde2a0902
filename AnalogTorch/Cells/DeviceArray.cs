using AnalogTorch.Conductance;
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
    private readonly Func<Tensor>? values;
    private readonly string? leak, stuck;
    private ElementPlanes? planes;
    private PulseTarget? target;
    private (Tensor Places, Tensor Values, Tensor Seen)? held;
    private (double Size, PulsedDevice Device)? shrunk;

    /// <summary>Manufactures the devices of a role.</summary>
    /// <param name="device">What they are.</param>
    /// <param name="role">The role's name, which prefixes the names of the tensors.</param>
    /// <param name="state">Where the tensors live.</param>
    /// <param name="rng">The stream of the array.</param>
    /// <param name="shape">Outputs × inputs.</param>
    /// <param name="torchDevice">Where the tensors live.</param>
    /// <param name="defects">Which of them do not work; null if all do.</param>
    /// <param name="values">Gives the tensor that holds the values, if it belongs to somebody else; null for one of the array's own.</param>
    public DeviceArray(
        PulsedDevice device, string role, TensorStore state, Rng rng, long[] shape, torch.Device torchDevice, Defects? defects = null, Func<Tensor>? values = null)
    {
        device.CheckAll();
        (Device, this.role, this.state, this.values) = (device, role, state, values);
        using var scope = NewDisposeScope();
        var made = device.Manufacture(rng.Split(role), shape, torchDevice);
        if (values is null)
            state.Add($"{role}_value", made.Value);
        else
            values().copy_(made.Value);
        Keep("up", made.Up);
        Keep("down", made.Down);
        Keep("min", made.Min);
        Keep("max", made.Max);
        Keep("offset", made.Offset);
        hasMemory = made.Memory is not null;
        if (hasMemory)
            state.Add($"{role}_memory", made.Memory!);
        if ((device as ILeaking)?.Leakage.Draw(rng.Split(role).Split("leak"), shape, torchDevice) is { } drawn)
        {
            leak = $"{role}_leak";
            state.Add(leak, drawn);
        }
        if (defects?.Draw(shape, (0, 1), rng.Split(role).Split("defects"), torchDevice) is { } share)
        {
            stuck = $"{role}_stuck";
            state.Add(stuck, made.Min + share * ((Tensor)made.Max - made.Min)); // in the range of each device itself
            Hold();
        }
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
        values?.Invoke() ?? state[$"{role}_value"], Kept("up"), Kept("down"), Kept("min"), Kept("max"), Kept("offset"), hasMemory ? state[$"{role}_memory"] : null);

    /// <summary>Copies of the tensors of one input line, in the caller's dispose scope.</summary>
    /// <param name="line">Which input line.</param>
    internal ElementPlanes Line(long line)
    {
        var all = Planes;
        return new(Of(all.Value), Parameter(all.Up), Parameter(all.Down), Parameter(all.Min), Parameter(all.Max), Parameter(all.Offset), all.Memory is { } memory ? Of(memory) : null);

        Tensor Of(Tensor plane) => plane.narrow(1, line, 1).contiguous();

        ParameterPlane Parameter(ParameterPlane plane) =>
            plane.Values.NumberOfElements == 1 ? plane : plane.Range is null ? new(Of(plane.Values)) : new(Of(plane.Values), plane.Range);
    }

    /// <summary>Takes back what pulses did to the copies of a line.</summary>
    /// <param name="line">Which input line.</param>
    /// <param name="planes">The copies.</param>
    internal void Return(long line, ElementPlanes planes)
    {
        Planes.Value.narrow(1, line, 1).copy_(planes.Value);
        if (planes.Memory is { } memory)
            Planes.Memory!.narrow(1, line, 1).copy_(memory);
        Hold();
    }

    /// <summary>How the weights follow from the devices, made once for the place where the tensors are now.</summary>
    /// <param name="make">Makes it.</param>
    public PulseTarget Target(Func<PulseTarget> make) => target ??= make();

    /// <summary>Forgets where the tensors were, after a move.</summary>
    public void Moved()
    {
        (planes, target) = (null, null);
        Forget();
    }

    /// <summary>Brings devices that do not work back to where they are stuck, after something was done to all.</summary>
    public void Hold()
    {
        if (stuck is not null && Stuck is var (places, values, _))
            Planes.Value.view(-1).index_copy_(0, places, values);
    }

    /// <summary>The same after an engine pulsed devices and worked out the weights of those that it touched.</summary>
    internal void Hold(PulseTarget target)
    {
        if (stuck is null)
            return;
        using var scope = NewDisposeScope();
        var (places, values, seen) = Stuck;
        Planes.Value.view(-1).index_copy_(0, places, values);
        if (target.Weights.NumberOfElements != Planes.Value.NumberOfElements)
            return;
        var weights = seen * target.Gain;
        if (target.Other is { } other)
            weights.add_(other.view(-1).index_select(0, places), alpha: target.OtherGain);
        target.Weights.view(-1).index_copy_(0, places, weights);
    }

    /// <summary>Lets go of what is kept beside the state.</summary>
    internal void Forget()
    {
        held?.Places.Dispose();
        held?.Values.Dispose();
        held?.Seen.Dispose();
        held = null;
    }

    /// <summary>Where devices are stuck, at which values, and what a read sees there.</summary>
    private (Tensor Places, Tensor Values, Tensor Seen) Stuck
    {
        get
        {
            if (held is { } known)
                return known;
            using var noGrad = no_grad();
            using var scope = NewDisposeScope();
            var all = state[stuck!];
            var places = all.view(-1).isnan().logical_not_().nonzero().squeeze(1);
            var values = all.view(-1).index_select(0, places);
            var seen = empty_like(all);
            Device.Accept(Engines.For(all.device).Read(new PulseTarget { Planes = Planes with { Value = all }, Weights = seen }, default));
            held = (places.DetachFromDisposeScope(), values.DetachFromDisposeScope(), seen.view(-1).index_select(0, places).DetachFromDisposeScope());
            return held.Value;
        }
    }

    /// <summary>The values of some devices.</summary>
    /// <param name="devices">Their places in the array, counted row by row (int64).</param>
    public Tensor At(Tensor devices) => Planes.Value.view(-1).index_select(0, devices);

    /// <summary>Brings all devices to values, as near as their bounds allow, without pulses.</summary>
    /// <param name="wanted">The values.</param>
    public void Set(Tensor wanted)
    {
        using var scope = NewDisposeScope();
        Planes.Value.copy_(minimum(maximum(wanted, Planes.Min), Planes.Max));
        Hold();
    }

    /// <summary>Raises all devices by amounts, as far as their upper bounds allow, without pulses.</summary>
    /// <param name="amounts">Amounts, none below 0.</param>
    public void Raise(Tensor amounts)
    {
        using var scope = NewDisposeScope();
        Planes.Value.copy_(minimum(Planes.Value + amounts, Planes.Max));
        Hold();
    }

    /// <summary>Lets time pass.</summary>
    /// <param name="seconds">The time (s).</param>
    public void Pass(double seconds)
    {
        (Device as ILeaking)?.Leakage.Pass(Planes.Value, leak is null ? null : state[leak], seconds);
        Hold();
    }

    /// <summary>RESETs all devices: start value, fresh memory.</summary>
    /// <param name="rng">The stream of the start values.</param>
    public void Reset(Rng rng)
    {
        using var scope = NewDisposeScope();
        Planes.Value.copy_(Resettable.AfterReset(Noise.Normal(rng, Planes.Value.shape, Planes.Value.device)));
        Planes.Memory?.fill_(1f);
        Hold();
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
        Hold();
    }

    private IResettable Resettable =>
        Device as IResettable ?? throw new NotSupportedException($"{Device.GetType().Name} has no RESET; use a device that is {nameof(IResettable)}.");
}

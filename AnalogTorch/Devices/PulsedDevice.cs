using AnalogTorch.Core;
using AnalogTorch.Kernels;
using static TorchSharp.torch;

namespace AnalogTorch.Devices;

/// <summary>One two-terminal element, and how it moves under a pulse.</summary>
/// <remarks>
/// To add a device, derive a sealed record, write its step as a struct and its moments in plain numbers, and say how a wafer of them
/// varies. The unit of the value (siemens, volts, or normalised weight) is the device's own; <see cref="NominalStep"/> and
/// <see cref="Range"/> are in it.
/// </remarks>
public abstract record PulsedDevice : HardwareConfig
{
    /// <summary>Hands the step to an engine.</summary>
    public abstract void Accept(IPulseStepVisitor visitor);

    /// <summary>The mean change of what a read sees, by one pulse from the start value.</summary>
    public abstract double NominalStep { get; }

    /// <summary>The nominal bounds of what a read sees.</summary>
    public abstract (double Min, double Max) Range { get; }

    /// <summary>Whether what a read sees is a conductance in siemens; else it is a normalised value.</summary>
    public virtual bool IsInSiemens => false;

    /// <summary>
    /// The change of the value by one pulse, before it is clipped to the bounds: the equation of the device's source in plain numbers.
    /// </summary>
    /// <remarks>Written apart from the step that engines run, and held against it by laws.</remarks>
    /// <param name="element">The element that is pulsed.</param>
    /// <param name="isUpward">Whether the pulse is an upward one.</param>
    public abstract Moments StepMoments(in ElementState element, bool isUpward);

    /// <summary>What a read sees of an element: its value, unless the device says otherwise.</summary>
    /// <param name="element">The element that is read.</param>
    public virtual double ValueSeen(in ElementState element) => element.Value;

    /// <summary>The same device under pulses that move it by a share of its step; null if its steps have the size that they have.</summary>
    /// <param name="size">The share, above 0.</param>
    public virtual PulsedDevice? UnderPulses(double size) => null;

    /// <summary>Draws the parameters of new elements and puts them into their start state.</summary>
    /// <param name="rng">The stream of this wafer; the element-to-element variation is a function of it.</param>
    /// <param name="shape">Outputs × inputs.</param>
    /// <param name="device">The torch device; null means host memory.</param>
    public abstract ElementPlanes Manufacture(Rng rng, long[] shape, Device? device = null);

    /// <summary>A plane of N(mean, std) values, one number if they are all the same.</summary>
    protected static Tensor Spread(Rng rng, string name, double mean, double std, long[] shape, Device? device) =>
        std == 0 ? full(1, (float)mean, device: device) : Noise.Normal(rng.Split(name), shape, device).mul_((float)std).add_((float)mean);
}

/// <summary>A device whose full RESET, an abrupt pulse unlike the gradual ones, returns it to its start state.</summary>
public interface IResettable
{
    /// <summary>The value right after RESET.</summary>
    /// <param name="normal">Standard normal numbers, one an element.</param>
    Tensor AfterReset(Tensor normal);
}

using System.Runtime.CompilerServices;
using AnalogTorch.Core;
using AnalogTorch.Kernels;

namespace AnalogTorch.Devices;

/// <summary>Share of a device's step that is left at a weight: q₊(w) = q(1 − w/w_max) and q₋(w) = q(1 − w/w_min), with q(1) = 1 at zero weight.</summary>
/// <remarks>To add one, derive a sealed record with a private struct that is an <see cref="IResponse"/>, and hand it to <c>Steps</c>.</remarks>
public abstract record ResponseFunction : HardwareConfig
{
    /// <summary>Hands the step of a device with this response to an engine.</summary>
    /// <param name="visitor">The engine.</param>
    /// <param name="noise">Standard deviation of a step from pulse to pulse, relative to that at zero weight.</param>
    /// <param name="draw">What each pulse draws.</param>
    public abstract void Accept(IPulseStepVisitor visitor, float noise, PulseDraw draw);

    /// <summary>The share in plain numbers, written apart from what engines run and held against it by laws.</summary>
    /// <param name="left">1 − w/w_max upward, 1 − w/w_min downward: 0 at the bound ahead, 1 at zero weight.</param>
    public abstract double Share(double left);

    /// <summary>Hands a device's steps to an engine.</summary>
    protected static void Steps<TResponse>(IPulseStepVisitor visitor, TResponse response, float noise, PulseDraw draw) where TResponse : struct, IResponse
    {
        ArgumentNullException.ThrowIfNull(visitor);
        visitor.Visit(new ResponseStep<TResponse>(response, noise), draw);
    }

    private readonly struct ResponseStep<TResponse>(TResponse response, float noise) : IPulseStep<ResponseStep<TResponse>> where TResponse : struct, IResponse
    {
        private readonly TResponse response = response;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Up<T>(T value, T memory, in Cell<T> cell, T draw) where T : struct, ILane<T> =>
            cell.Up * T.MultiplyAdd(noise, draw, response.Share(T.Max(1f - value * (1f / cell.Max), 0f)));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Down<T>(T value, T memory, in Cell<T> cell, T draw) where T : struct, ILane<T> =>
            -cell.Down * T.MultiplyAdd(noise, draw, response.Share(T.Max(1f - value * (1f / cell.Min), 0f)));
    }
}

/// <summary>A response function, written once for every lane; marked <c>AggressiveInlining</c> as steps are.</summary>
public interface IResponse
{
    /// <summary>The share of the step at zero weight.</summary>
    /// <param name="left">1 − w/w_max upward, 1 − w/w_min downward; at least 0.</param>
    T Share<T>(T left) where T : struct, ILane<T>;
}

/// <summary>Soft bounds: q(u) = u, so that q± = 1 ∓ w/τ.</summary>
public sealed record LinearResponse : ResponseFunction
{
    /// <inheritdoc/>
    public override void Accept(IPulseStepVisitor visitor, float noise, PulseDraw draw) => Steps(visitor, new Line(), noise, draw);

    /// <inheritdoc/>
    public override double Share(double left) => left;

    private readonly struct Line : IResponse
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Share<T>(T left) where T : struct, ILane<T> => left;
    }
}

/// <summary>A power: q(u) = u^γ, so that q± = (1 ∓ w/τ)^γ.</summary>
/// <remarks>Wu et al. (NeurIPS 2024 and 2025). γ 0 would be a constant step.</remarks>
public sealed record PowerResponse : ResponseFunction
{
    /// <summary>Power of the distance from the bound that a step follows (γ).</summary>
    [Unit("1")]
    public double Exponent { get; init => field = Within(value, 0.01, 100); } = 0.5;

    /// <inheritdoc/>
    public override void Accept(IPulseStepVisitor visitor, float noise, PulseDraw draw) => Steps(visitor, new Power((float)Exponent), noise, draw);

    /// <inheritdoc/>
    public override double Share(double left) => Math.Pow(left, Exponent);

    private readonly struct Power(float exponent) : IResponse
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Share<T>(T left) where T : struct, ILane<T> => T.Exp(exponent * T.Log(T.Max(left, 1e-30f)));
    }
}

/// <summary>An exponential: q(u) = (e^{γu} − 1)/(e^γ − 1), so that q± = (e^{γ(1 ∓ w/τ)} − 1)/(e^γ − 1).</summary>
/// <remarks>Wu et al. (NeurIPS 2024 and 2025).</remarks>
public sealed record ExponentialResponse : ResponseFunction
{
    /// <summary>How strongly steps shrink (γ).</summary>
    [Unit("1")]
    public double Rate { get; init => field = Within(value, 0.01, 20); } = 2;

    /// <inheritdoc/>
    public override void Accept(IPulseStepVisitor visitor, float noise, PulseDraw draw) =>
        Steps(visitor, new Exponential((float)Rate, (float)(1 / (Math.Exp(Rate) - 1))), noise, draw);

    /// <inheritdoc/>
    public override double Share(double left) => (Math.Exp(Rate * left) - 1) / (Math.Exp(Rate) - 1);

    private readonly struct Exponential(float rate, float perUnit) : IResponse
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Share<T>(T left) where T : struct, ILane<T> => (T.Exp(rate * left) - 1f) * perUnit;
    }
}

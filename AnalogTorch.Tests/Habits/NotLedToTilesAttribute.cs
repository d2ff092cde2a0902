namespace AnalogTorch.Tests.Habits;

/// <summary>Keeps the build step away from a class, whose calls are then as in a program that is built without it.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class NotLedToTilesAttribute : Attribute;
